/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side of a running daemon, on the loop without a thread of its own. What it shows are routes:
 *
 *     GET /metrics   OpenMetrics text
 *     GET /livez     200 "ok": the loop turns
 *     GET /readyz    200 "ok", or 503 with what is missing; /readyz?verbose: every part with its state
 *
 * and those that the floor above adds with admin_add (none yet: that, admin_wait and ADMIN_WRITER wait for the pages of
 * a dashboard). On loopback reading needs no token. Any other address needs one, sent as "Authorization: Bearer TOKEN";
 * without it admin_open refuses. Where no token is configured, what asks for another host than an IP address or
 * localhost is refused: a page of a stranger whose name leads to loopback.
 *
 * At most 64 connections; another one ends the one that has been at what it does for longest. */
#ifndef MPIJOBD_ADMIN_ADMIN_H
#define MPIJOBD_ADMIN_ADMIN_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "base/metrics.h"

#define ADMIN_LISTEN_DEFAULT "127.0.0.1:9633"
#define ADMIN_TEXT "text/plain; charset=utf-8"

struct admin_options {
    const char *listen;     /* "127.0.0.1:9633", "[::1]:0"; port 0: any free one. Used by admin_open only */
    const char *token_file; /* NULL: none. Read by admin_open (blocks, at start) */
    struct metrics *metrics;
    /* Appends what is missing, a line each; nothing: ready. NULL: always ready. */
    void (*missing)(void *data, struct buf *out);
    /* Appends every part with its state, a line each, for /readyz?verbose. NULL: it has no parts to list. */
    void (*parts)(void *data, struct buf *out);
    void *data;
    unsigned header_ms; /* how long a request may take to arrive; 0: 10 s */
};

struct admin;
/* ERR_INVALID: not an address, or one that needs a token; ERR_IO: it cannot be listened on (in use, not this host's),
 * or the token's file cannot be read; ERR_LIMIT: that file is too large; ERR_NOMEM. */
int admin_open(uv_loop_t *loop, const struct admin_options *options, struct admin **admin, struct error *err);
const char *admin_url(const struct admin *admin); /* "http://127.0.0.1:9633" */
/* Requests that wait are given up, connections are closed. closed (may be NULL) is called when libuv holds nothing of
 * it any more. Not from within a handler. */
void admin_close(struct admin *admin, void (*closed)(void *data), void *data);

/* ---- routes ---- */

enum admin_access {
    ADMIN_ANYONE, /* everyone who reaches the address: for a page that reveals nothing */
    ADMIN_READER, /* who has the token; where none is configured, everyone */
    ADMIN_WRITER, /* who has the token; where none is configured, no one */
};

/* One request that has arrived as a whole, until it is answered or given up. */
struct admin_request;

/* Has to call admin_answer, or admin_wait and later admin_answer. Called on the loop. */
typedef void (*admin_handler)(void *data, struct admin_request *request);

struct admin_route {
    const char *method; /* "GET" (HEAD is answered as GET is), "POST"... */
    const char *path;   /* all of it, without the query; NULL ends a table */
    enum admin_access access;
    admin_handler handle;
};
/* A table of routes, kept by the caller while the admin is open; its handlers get data. An unknown path is answered
 * with 404, another method of a known one with 405. ERR_INVALID: there is such a route already; ERR_NOMEM. */
int admin_add(struct admin *admin, const struct admin_route *routes, void *data, struct error *err);

/* Answers the request, which may not be used any more. status: of HTTP. type: Content-Type, static. body is taken over
 * and left empty; where it has failed, or memory is out, the connection is closed without an answer. */
void admin_answer(struct admin_request *request, unsigned status, const char *type, struct buf *body);
/* Within the handler: the answer comes later. Exactly one thing ends the request then: the owner's admin_answer, or a
 * call of gone, after which it may not be used any more: the client has gone away, or the admin is being closed. gone
 * is not called from within this call. */
void admin_wait(struct admin_request *request, void (*gone)(void *data, struct admin_request *request), void *data);

#endif
