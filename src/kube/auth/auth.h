/* SPDX-License-Identifier: Apache-2.0 */
/* What proves to the server who we are: headers of each request, and the client's certificate where a program gives
 * one. One file a way of getting it: fixed.c (what stands in the configuration), file_source.c (a token or access key
 * in files), exec.c (a program), iam.c (a password for a token), access_key.c (each request is signed; sign.c is the
 * arithmetic of it).
 *
 * Credentials may have to be fetched first, so a request asks (kube_auth_prepare) and may have to wait. All that wait
 * share one fetch, and a request that gives up does not end it. */
#ifndef MPIJOBD_KUBE_AUTH_AUTH_H
#define MPIJOBD_KUBE_AUTH_AUTH_H

#include <uv.h>

#include "base/log.h"
#include "http/http.h"
#include "kube/config/kube_config.h"

struct kube_auth;

struct kube_auth_options {
    uint64_t reread_ms;  /* how old what comes from a file may become */
    uint64_t timeout_ms; /* of a program; 0: EXEC_TIMEOUT_MS */
    uint64_t pause_ms;   /* after a program that failed, doubling; 0: 5,000 */
    const char *user_agent;
    const struct log *log;
    /* Shows this certificate to the server from now on; 0 or an error. */
    int (*identify)(void *data, struct str certificate, struct str key, struct error *err);
    /* Looks whether the certificate's files have changed; kube_auth_looked is called later. False: cannot. */
    bool (*look)(void *data);
    void *data;
};

/* Copies what it needs of config. Reads files, which blocks; runs no program yet. ERR_INVALID: a file is empty or no
 * token; ERR_NOT_FOUND, ERR_IO, ERR_LIMIT: it cannot be read; ERR_NOMEM. */
int kube_auth_new(uv_loop_t *loop, const struct kube_config *config, const struct kube_auth_options *options,
                  struct kube_auth **auth, struct error *err);
/* A program that runs is killed. closed is called when nothing of it is on the loop any more, maybe at once; those that
 * wait are not called back any more. */
void kube_auth_close(struct kube_auth *auth, void (*closed)(void *data), void *data);

/* One that waits: `done` is called once on the loop, later, and must call nothing of this file. changed: there is
 * something new to try; else err (NULL: nothing has changed). */
struct kube_auth_wait {
    struct kube_auth_wait *prev, *next;
    unsigned generation; /* before kube_auth_renew: that of the headers that were refused */
    void (*done)(struct kube_auth_wait *wait, bool changed, const struct error *err);
};

/* Before each try. True: kube_auth_headers has what it needs. False with *rc 0: wait->done tells when to go on. False
 * with an error in *rc: there are no credentials and none are in sight. */
bool kube_auth_prepare(struct kube_auth *auth, struct kube_auth_wait *wait, int *rc, struct error *err);

/* The headers of this request, to be sent now; they end at a NULL name and are valid until the next call. */
struct kube_auth_subject {
    const char *method, *url;
    struct str body;
};
/* 0 or ERR_NOMEM. */
int kube_auth_headers(struct kube_auth *auth, const struct kube_auth_subject *subject,
                      const struct http_header **headers, struct error *err);
/* Rises when the credentials change. */
unsigned kube_auth_generation(const struct kube_auth *auth);

/* The server has taken the credentials of that generation. */
void kube_auth_proved(struct kube_auth *auth, unsigned generation);
/* It answered 401 to them. False: nothing can change, or it was tried a moment ago; done is not called. */
bool kube_auth_renew(struct kube_auth *auth, struct kube_auth_wait *wait);
/* The files of the client's certificate were looked at. */
void kube_auth_looked(struct kube_auth *auth, bool changed);
/* Adds to a 401 why there is nothing newer to try, where a fetch has failed. */
void kube_auth_why(const struct kube_auth *auth, struct error *err);
/* The call ends with this 401, whatever was renewed. After a few of them in a row kube_auth_prepare gives the
 * same error without asking the server, for a time that doubles, until the credentials change. */
void kube_auth_refused(struct kube_auth *auth, unsigned generation, const struct error *err);
/* Says in err what the server's clock (seconds since 1970, 0: not known) tells about a refused signature. */
void kube_auth_explain(const struct kube_auth *auth, int64_t server_time, struct error *err);

void kube_auth_forget(struct kube_auth *auth, struct kube_auth_wait *wait); /* done is not called any more */

#endif
