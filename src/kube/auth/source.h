/* SPDX-License-Identifier: Apache-2.0 */
/* A way whose credentials come from elsewhere and change while we run: a file, a program. It only fetches; renew.c
 * knows when, and who waits for it. */
#ifndef MPIJOBD_KUBE_AUTH_SOURCE_H
#define MPIJOBD_KUBE_AUTH_SOURCE_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "kube/config/kube_config.h"

/* What was fetched. Empty members: not of this kind. All secret. */
struct credential {
    struct buf token;                                  /* bearer token, checked */
    struct buf certificate, key;                       /* PEM */
    struct buf access_key, secret_key, security_token; /* what signs requests, checked */
    int64_t expires;                                   /* microseconds since 1970; 0: not said */
};

#define CREDENTIAL_INIT                                                                                                \
    ((struct credential){.token.secret = true,                                                                         \
                         .certificate.secret = true,                                                                   \
                         .key.secret = true,                                                                           \
                         .access_key.secret = true,                                                                    \
                         .secret_key.secret = true,                                                                    \
                         .security_token.secret = true})

static inline void credential_free(struct credential *c)
{
    buf_free(&c->token);
    buf_free(&c->certificate);
    buf_free(&c->key);
    buf_free(&c->access_key);
    buf_free(&c->secret_key);
    buf_free(&c->security_token);
}

struct auth_source {
    /* 0: `fetched` is called once on the loop, later. An error: it is not. Not called while a fetch is under way. */
    int (*fetch)(struct auth_source *source, struct error *err);
    /* While nothing is fetched, because the last fetch was refused: whether what would be sent has changed since, and
     * if so, fetches. True: `fetched` is called later, with neither of the two where nothing has changed. NULL: cannot
     * tell. */
    bool (*look)(struct auth_source *source);
    /* Ends what is under way, frees the source; `fetched` is not called any more, `closed` at once or later. */
    void (*close)(struct auth_source *source, void (*closed)(void *data), void *data);
    /* Set by the owner. Exactly one of credential (the owner's to free) and err is NULL, but after `look`. May fetch
     * again. */
    void (*fetched)(void *data, struct credential *credential, const struct error *err);
    void *data;
    const char *name;   /* for messages about what it gave; NULL: they speak for themselves */
    uint64_t reread_ms; /* what is older is fetched again for the requests to come; 0: only when it expires */
    int64_t margin; /* microseconds before they expire in which credentials are fetched again at the latest; 0: 30 s */
    uint64_t wait_ms; /* with an error: so long it wants to be left alone */
    bool cheap;       /* fetched again at every 401, and what is in use stays in use where that fails */
};

/* --- the sources there are --- each copies what it needs of config */
/* file_source.c: a token, or an access key, in files that are rotated. NULL: out of memory. */
struct auth_source *file_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t reread_ms);
/* Reads them here and now, which blocks. ERR_INVALID: one is empty or no token; or what buf_read_file returns. */
int file_source_read(const struct auth_source *source, struct credential *credential, struct error *err);

/* exec.c: a program that a kubeconfig names (client.authentication.k8s.io). It gets a process group of its own, no
 * terminal, bounded time (timeout_ms; 0: EXEC_TIMEOUT_MS) and output, and a copy of this process's environment.
 * ERR_NOMEM, ERR_IO or ERR_NOT_FOUND (a CA that it is to be told cannot be read). */
#define EXEC_TIMEOUT_MS 30000
int exec_source_new(uv_loop_t *loop, const struct kube_config *config, uint64_t timeout_ms, struct auth_source **source,
                    struct error *err);

/* iam.c: a token of Huawei Cloud's IAM for a user's password, which stands in a file; it lasts 24 hours. The connection
 * to IAM is its own, with the CA of config->iam (without one: the system's) and the cluster's proxy. Reads the CA's
 * file, which blocks. ERR_NOMEM, or what http_client_new returns. */
int iam_source_new(uv_loop_t *loop, const struct kube_config *config, const char *user_agent, const struct log *log,
                   struct auth_source **source, struct error *err);

#endif
