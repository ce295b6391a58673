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

#define ADMIN_CONNECTIONS_MAX 64
#define ADMIN_WAITING_MAX 48 /* of them, those whose request waits for its answer */

struct admin_connection;

struct admin {
    struct admin_options o;
    char url[96];
    struct buf token; /* secret; empty: none is configured */
    struct admin_table *tables;
    size_t table_count;
    struct admin_request *requests; /* those that wait */
    struct MHD_Daemon *mhd;
    int listener, spare;                  /* sockets' descriptors; spare: one that is given up where none is left */
    struct admin_connection *connections; /* what began longest ago first */
    size_t connection_count, connections_waiting, connections_ended;
    uv_poll_t accepts;      /* of the listener */
    uint64_t accepts_again; /* when it is looked at again, in ms of the loop; 0: it is */
    struct deadline looks;  /* for those whose time is over */
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

/* A turn of libmicrohttpd. */
void admin_turn(struct admin *a);

/* ---- connections.c ---- */

void admin_connections_start(struct admin *a);
/* When libmicrohttpd has ended. Closes the listener. */
void admin_connections_stop(struct admin *a);
/* For libmicrohttpd. */
void admin_connection_notify(void *a, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode what);
/* False: out of memory when it came. */
bool admin_connection_known(struct MHD_Connection *connection);
void admin_connection_arrived(struct admin *a, struct MHD_Connection *connection); /* all of a request */
void admin_connection_done(struct admin *a, struct MHD_Connection *connection);    /* the answer has been sent */
/* The request is with a handler that answers later, or is not any more. False: too many wait already. */
bool admin_connection_wait(struct admin *a, struct MHD_Connection *connection, bool waits);

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
/* Does the request's query have the argument, with a value or without? */
bool admin_request_argument(const struct admin_request *r, const char *name);
/* A header of the answer, before admin_answer; kept until then by the caller. One. */
void admin_request_set(struct admin_request *r, const char *name, const char *value);

#endif
