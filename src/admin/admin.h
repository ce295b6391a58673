/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side of a running daemon, on the loop without a thread of its own. What it shows are routes:
 *
 *     GET /metrics   OpenMetrics text
 *     GET /livez     200 "ok": the loop turns
 *     GET /readyz    200 "ok", or 503 with what is missing; /readyz?verbose: every part with its state
 *
 * and those that the floor above adds with admin_add. There are two tokens, sent as "Authorization: Bearer TOKEN": one
 * to read, and one that may also act. On loopback reading needs none, as long as no token to read is configured; acting
 * always needs the other. Any other address needs a token for everything; without one admin_open refuses. Where reading
 * is free, what asks for another host than an IP address or localhost is refused: a page of a stranger whose name leads
 * to loopback; and whatever a browser says comes from another page than ours is refused always.
 *
 * At most 128 connections, 64 of one address; another one ends the one that has been at what it does for longest. */
#ifndef MPIJOBD_ADMIN_ADMIN_H
#define MPIJOBD_ADMIN_ADMIN_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"

#define ADMIN_LISTEN_DEFAULT "127.0.0.1:9633"
#define ADMIN_TEXT "text/plain; charset=utf-8"

struct admin_options {
    const char *listen; /* "127.0.0.1:9633", "[::1]:0"; port 0: any free one. Used by admin_open only */
    /* The tokens' files; NULL: there is no such token. Read by admin_open (blocks, at start), and again, on a worker
     * thread, when they have changed: the old token holds until then. Outlive the admin. */
    const char *read_token_file, *write_token_file;
    /* A certificate and its key, in PEM (admin/tls_pair.h): what is served is HTTPS then. NULL, both: HTTP. Read as the
     * tokens' files are; connections keep the pair that they have begun with. Outlive the admin. */
    const char *certificate_file, *key_file;
    const struct log *log; /* hears of files that cannot be read any more; NULL: it is told nowhere */
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
const char *admin_url(const struct admin *admin); /* "http://127.0.0.1:9633", or https */
/* Requests that wait are given up, connections are closed. closed (may be NULL) is called when libuv holds nothing of
 * it any more. Not from within a handler. */
void admin_close(struct admin *admin, void (*closed)(void *data), void *data);

/* ---- routes ---- */

enum admin_access {
    ADMIN_ANYONE, /* everyone who reaches the address: for a page that reveals nothing */
    ADMIN_READER, /* who has a token; where reading needs none, everyone */
    ADMIN_WRITER, /* who has the token to act; where none is configured, no one */
};

/* One request that has arrived as a whole, until it is answered or given up. */
struct admin_request;

/* Has to call admin_answer, or admin_wait and later admin_answer. Called on the loop. */
typedef void (*admin_handler)(void *data, struct admin_request *request);

struct admin_route {
    const char *method; /* "GET" (HEAD is answered as GET is), "POST"... */
    const char *path;   /* all of it, without the query; "{name}" stands for one part of it. NULL ends a table */
    enum admin_access access;
    admin_handler handle;
};
/* A table of routes, kept by the caller while the admin is open; its handlers get data. An unknown path is answered
 * with 404, another method of a known one with 405. ERR_INVALID: there is such a route already; ERR_NOMEM. */
int admin_add(struct admin *admin, const struct admin_route *routes, void *data, struct error *err);

/* What was asked. All texts are valid until the request is answered, and are UTF-8 without NUL. */
#define ADMIN_BODY_MAX 65536
/* What stands for "{name}" in its path. False: it does not fit; out is "" then. */
bool admin_request_part(const struct admin_request *request, const char *name, char *out, size_t size);
/* The arguments of its query, in their order; value "": it has none. visit returns false to stop. False: one is no
 * UTF-8, or holds a NUL, or visit has stopped. */
bool admin_request_query(const struct admin_request *request,
                         bool (*visit)(void *data, const char *name, const char *value), void *data);
struct str admin_request_body(const struct admin_request *request); /* of at most ADMIN_BODY_MAX bytes */
/* A header of the request, or NULL. */
const char *admin_request_header(const struct admin_request *request, const char *name);
/* By which token: "token:write", "token:read", or "anyone". Static. */
const char *admin_request_who(const struct admin_request *request);
/* May it have routes of that access? For a handler that shows more to those who may. */
bool admin_request_may(const struct admin_request *request, enum admin_access access);

/* How the certificate is by which it is answered, in words. False: it is HTTP, and out stays as it is. */
bool admin_request_certificate(const struct admin_request *request, struct buf *out, bool *well);

/* Answers the request, which may not be used any more. status: of HTTP. type: Content-Type, static. body is taken over
 * and left empty; where it has failed, or memory is out, the connection is closed without an answer. */
void admin_answer(struct admin_request *request, unsigned status, const char *type, struct buf *body);
/* A problem, in JSON (RFC 9457): reason is one word of error_reason's, detail names the place and the cure. */
void admin_problem(struct admin_request *request, unsigned status, const char *reason, const char *detail);
#define ADMIN_PROBLEM "application/problem+json"
/* Within the handler: the answer comes later. Exactly one thing ends the request then: the owner's admin_answer, or a
 * call of gone, after which it may not be used any more: the client has gone away, or the admin is being closed. gone
 * is not called from within this call. */
void admin_wait(struct admin_request *request, void (*gone)(void *data, struct admin_request *request), void *data);

/* ---- pages for a browser ---- */

/* The answer, which is to come, is a page that may have scripts and styles: files of this address, and no others. */
void admin_request_page(struct admin_request *request);
/* A file of such a page. All of it outlives the admin. */
struct admin_file {
    const char *type; /* Content-Type */
    struct str bytes;
};
/* Within the handler, in place of admin_answer. A browser keeps the file, asks each time whether it is still so, and is
 * told that it is (304) in place of the bytes. */
void admin_answer_file(struct admin_request *request, const struct admin_file *file);

/* ---- answers that go on ---- */

/* Where the bytes of such an answer come from. */
struct admin_source {
    /* Appends what comes next, at most ADMIN_PIECE_MAX bytes or so; nothing: it has not come yet. Called when there is
     * room for it. False: the answer ends. */
    bool (*more)(void *data, struct buf *out);
    /* It has ended, one way or another: the request may not be used any more. Once, not within admin_stream. */
    void (*gone)(void *data, struct admin_request *request);
    void *data;
};
#define ADMIN_PIECE_MAX 16384
/* Within the handler, in place of admin_answer: 200, and what the source has, until it ends, the client goes away, or
 * the admin is closed. */
void admin_stream(struct admin_request *request, const char *type, const struct admin_source *source);
/* The source may have more. */
void admin_stream_wake(struct admin_request *request);

#endif
