/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of admin share: the server, its tables of routes, its requests. */
#ifndef MPIJOBD_ADMIN_ADMIN_PARTS_H
#define MPIJOBD_ADMIN_ADMIN_PARTS_H

#include <microhttpd.h>
#include <sys/socket.h>

#include "admin/admin.h"
#include "loop/timer.h"

struct admin_table {
    const struct admin_route *routes;
    void *data;
};

struct admin {
    struct admin_options o;
    char url[96];
    struct buf token; /* secret; empty: none is configured */
    struct admin_table *tables;
    size_t table_count;
    struct admin_request *requests; /* those that wait */
    struct MHD_Daemon *mhd;
    uv_loop_t *loop;
    uv_poll_t poll;        /* of libmicrohttpd's epoll descriptor */
    struct deadline timer; /* for its next turn */
    bool resumed;          /* a request was, since the last turn began */
    size_t handles;        /* that libuv has not closed yet, those of requests included */
    void (*closed)(void *data);
    void *data;
};
/* libuv has closed a handle; the last one takes the memory with it. */
void admin_handle_closed(struct admin *a);

/* ---- listener.c ---- */

/* Splits "HOST:PORT" into a socket's address. HOST is an IP address or "localhost". loopback: whether it is one.
 * ERR_INVALID. */
int admin_address(const char *text, struct sockaddr_storage *address, bool *loopback, struct error *err);
/* A listening socket, or ERR_IO. text: the address in words. */
int admin_listen(const struct sockaddr_storage *address, const char *text, struct error *err);
/* "http://HOST:PORT" of a listening socket. */
void admin_url_of(int fd, char *out, size_t size);

/* ---- routes.c ---- */

/* Finds the route, checks who asks, and has the handler or itself answer. */
void admin_dispatch(struct admin *a, struct admin_request *r, const char *method, const char *path);

/* ---- pages.c ---- */

extern const struct admin_route admin_pages[]; /* data: the struct admin */

/* ---- request.c ---- */

/* NULL: out of memory. */
struct admin_request *admin_request_new(struct admin *a, struct MHD_Connection *connection);
/* Called by libmicrohttpd's turns until the request is answered. MHD_NO: the connection is to be closed. */
enum MHD_Result admin_request_turn(struct admin_request *r, const char *method, const char *path);
/* libmicrohttpd has done with it. */
void admin_request_completed(struct admin_request *r);
/* gone, for a request that waits. */
void admin_request_give_up(struct admin_request *r);

void admin_say(struct admin_request *r, unsigned status, const char *text); /* admin_answer with plain text */
/* A header of the request, or NULL. */
const char *admin_request_header(const struct admin_request *r, const char *name);
/* A header of the answer, before admin_answer; kept until then by the caller. One. */
void admin_request_set(struct admin_request *r, const char *name, const char *value);

#endif
