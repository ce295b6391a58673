/* SPDX-License-Identifier: Apache-2.0 */
/* A client's TLS material, parsed once and handed to each new connection, and read again when a file of it has changed.
 *
 * libcurl could read the files itself, but it parses them for every connection (a CA from memory always; with Debian's
 * default CAPATH, 21 handshakes a second), or caches a file's content for a day although the file was rotated. */
#ifndef MPIJOBD_HTTP_TLS_H
#define MPIJOBD_HTTP_TLS_H

#include <sys/queue.h>
#include <uv.h>

#include "http/tls_material.h"

/* Files are looked at no more often than this while requests are sent, and at once after a failure. */
#define TLS_LOOK_MS 1000

struct tls;

/* Who waits until the system's CAs are there. */
struct tls_wait {
    TAILQ_ENTRY(tls_wait) link;
    bool waiting;
    /* Once, on the loop. err: why they cannot be read; NULL: they were. */
    void (*over)(void *data, const struct error *err);
    void *data;
};

/* Reads the files that are named, which blocks; the system's CAs are read when they are asked for (tls_await). Errors
 * as of tls_material_read. */
int tls_new(uv_loop_t *loop, const struct http_tls *config, const struct log *log, struct tls **tls, struct error *err);
/* For a client that has a carrier: it trusts nobody, and reads nothing. 0 or ERR_NOMEM. */
int tls_none(uv_loop_t *loop, struct tls **tls, struct error *err);
/* Another certificate and key (PEM) than the configured ones, for the connections to come. ERR_INVALID, ERR_NOMEM: then
 * all is as before. */
int tls_identify(struct tls *tls, struct str certificate, struct str key, struct error *err);
bool tls_apply(const struct tls *tls, SSL_CTX *context);
bool tls_has_files(const struct tls *tls); /* that are named */
/* Do connections know whom to trust? If not, tls_await first. */
bool tls_ready(const struct tls *tls);
/* Has the system's CAs read on a worker thread, and wait->over called. Nothing new where that waits already. */
void tls_await(struct tls *tls, struct tls_wait *wait);
void tls_await_end(struct tls *tls, struct tls_wait *wait); /* `over` is not called any more */
/* When the material changed last, in the loop's milliseconds; 0: not since it was made. */
uint64_t tls_changed_at(const struct tls *tls);
/* looked: called after each look; changed: the files were read again. NULL: not called. */
void tls_listen(struct tls *tls, void (*looked)(void *data, bool changed), void *data);

/* Looks, on a worker thread, whether a file has changed, and reads it. Material that cannot be read (a rotation half
 * done) leaves the old in place, with a warning in the log. `now`: also when the last look was a moment ago. */
void tls_look(struct tls *tls, bool now);

/* One more owner; each closes it. */
struct tls *tls_share(struct tls *tls);
/* closed: at once, but for the last owner, who may have to wait for a look. */
void tls_close(struct tls *tls, void (*closed)(void *data), void *data);

#endif
