/* What proves to the server who we are, as headers. One file a way: a token from a file lives in token_file.c; what
 * never changes is put together here once. */
#ifndef MPIJOBD_KUBE_AUTH_AUTH_H
#define MPIJOBD_KUBE_AUTH_AUTH_H

#include <uv.h>

#include "base/log.h"
#include "http/http.h"
#include "kube/config.h"

struct kube_auth;

/* Copies what it needs of config. Reads a token file, which blocks. ERR_INVALID: it is empty or no token. */
int kube_auth_new(uv_loop_t *loop, const struct kube_config *config, uint64_t reread_ms, const struct log *log,
                  struct kube_auth **auth, struct error *err);
/* closed is called when nothing of it is on the loop any more, maybe at once; who waits is not called back any more. */
void kube_auth_close(struct kube_auth *auth, void (*closed)(void *data), void *data);

/* The headers of a request to be sent now; ends at a NULL name, valid until the loop goes on. A token that is older
 * than reread_ms is read anew in the background, for the requests to come. */
const struct http_header *kube_auth_headers(struct kube_auth *auth);
/* Rises when the headers change. */
unsigned kube_auth_generation(const struct kube_auth *auth);

/* For a request that got 401 with the headers of that generation: `done` is called once on the loop, later, and must
 * call nothing of this file. changed: it is worth another try. */
struct kube_auth_wait {
    struct kube_auth_wait *prev, *next;
    unsigned generation;
    void (*done)(struct kube_auth_wait *wait, bool changed);
};
/* False: nothing can change, and done is not called. */
bool kube_auth_renew(struct kube_auth *auth, struct kube_auth_wait *wait);
void kube_auth_forget(struct kube_auth *auth, struct kube_auth_wait *wait); /* done is not called any more */

#endif
