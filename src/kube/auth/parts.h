/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of kube_auth: what its files share. auth.c puts requests' headers together, renew.c knows when to fetch
 * and who waits for it, and each way of proving who we are has a file of its own. */
#ifndef MPIJOBD_KUBE_AUTH_PARTS_H
#define MPIJOBD_KUBE_AUTH_PARTS_H

#include "kube/auth/auth.h"
#include "kube/auth/sign.h"
#include "kube/auth/source.h"

#define AUTH_OWN_HEADERS 5 /* those that prove who we are, and the end */

struct kube_auth {
    uv_loop_t *loop;
    struct kube_auth_options options;
    struct http_header *headers; /* Accept, impersonation, then `own` */
    struct http_header *own;
    struct buf value; /* of Authorization: "Bearer ..." or "Basic ..."; of a signature the last one. Secret */
    const char *header, *scheme; /* "Authorization" and "Bearer ", or what IAM's tokens want */
    unsigned generation;
    bool have;  /* the credentials are there, or none are needed */
    bool files; /* the client's certificate is in files */
    bool signs; /* with the keys, each request for itself */
    struct credential keys;
    char date[SIGN_DATE_SIZE];
    char *certificate; /* the last one that a program gave; no secret */

    struct auth_source *source; /* NULL: nothing ever changes */
    bool fetching;
    bool outdated; /* what is being fetched: a file may have been read before the refusal that asks for it */
    int64_t expires, renew_at;   /* microseconds since 1970; 0: not known */
    uint64_t fetched_at;         /* the loop's milliseconds, as all that follow */
    bool proved;                 /* the server has taken what we have */
    unsigned failures;           /* of the source one after the other, or of what it gave with the server */
    uint64_t not_before;         /* no fetch, as the last ones led to nothing */
    const struct error *failure; /* the last one's; NULL: it went well */
    struct kube_auth_wait *waiting;

    unsigned refused, refusals;  /* the generation that the server answered 401 to, and how often one after the other */
    uint64_t refused_until;      /* so long it is not asked again with it */
    const struct error *refusal; /* the last one */

    char *copies[2]; /* what the headers point to */
    char **groups;
    void (*closed)(void *data);
    void *closed_data;
    bool closing;
};

/* --- auth.c --- */
/* Sends "HEADER: SCHEME CREDENTIALS" from now on. False: out of memory. */
bool auth_set_value(struct kube_auth *auth, const char *scheme, struct str credentials);
void auth_forget_value(struct kube_auth *auth);

/* --- renew.c --- */
/* Puts fetched credentials into use; frees what it does not keep. 0 or ERR_NOMEM. */
int auth_take(struct kube_auth *auth, struct credential *credential, struct error *err);
void auth_was_fetched(void *data, struct credential *credential, const struct error *err);

/* --- fixed.c --- 0, ERR_INVALID (no token by its look) or ERR_NOMEM */
int auth_set_token(struct kube_auth *auth, const struct kube_config *config, struct error *err);
int auth_set_basic(struct kube_auth *auth, const struct kube_config *config, struct error *err);

/* --- access_key.c --- */
void auth_take_keys(struct kube_auth *auth, struct credential *credential);
/* 0 or ERR_NOMEM. */
int auth_sign(struct kube_auth *auth, const struct kube_auth_subject *subject, struct error *err);

#endif
