/* The HTTP side of a running daemon, on the loop without a thread of its own:
 *
 *     GET /metrics   OpenMetrics text
 *     GET /livez     200 "ok": the loop turns
 *     GET /readyz    200 "ok", or 503 with what is missing
 *
 * On loopback it is open. Any other address needs a token, sent as "Authorization: Bearer TOKEN"; without one
 * admin_open refuses. */
#ifndef MPIJOBD_ADMIN_ADMIN_H
#define MPIJOBD_ADMIN_ADMIN_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"

#define ADMIN_LISTEN_DEFAULT "127.0.0.1:9633"

struct admin_options {
    const char *listen;     /* "127.0.0.1:9633", "[::1]:0"; port 0: any free one */
    const char *token_file; /* NULL: none. Read by admin_open (blocks, at start) */
    struct metrics *metrics;
    const struct log *log;
    /* Appends what is missing, a line each; nothing: ready. */
    void (*missing)(void *data, struct buf *out);
    void *data;
};

struct admin;
/* ERR_INVALID: no address, or one that needs a token; ERR_IO: it cannot be listened on (in use, not ours). */
int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **admin, struct error *err);
const char *admin_url(const struct admin *admin); /* "http://127.0.0.1:9633" */
/* Connections are closed; closed is called when libuv holds nothing of it any more. */
void admin_close(struct admin *admin, void (*closed)(void *data), void *data);

/* Splits "HOST:PORT" into a socket's address. HOST is an IP address or "localhost". loopback: whether it is one. */
int admin_address(const char *text, struct sockaddr_storage *address, bool *loopback, struct error *err);

#endif
