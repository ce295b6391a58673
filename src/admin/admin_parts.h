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

#define ADMIN_CONNECTIONS_MAX 128
#define ADMIN_ADDRESS_MAX 64 /* of them, those of one address, or of one network of IPv6 (/64) */
#define ADMIN_SHAKING_MAX 16 /* of HTTPS, those that have asked for nothing yet: a handshake takes computing time */
#define ADMIN_WAITING_MAX 48 /* of them, those whose request waits for its answer */

struct admin_connection;

struct admin {
    struct admin_options o;
    char url[96];
    bool loopback;
    struct admin_tokens *tokens;
    struct admin_tls *tls; /* NULL: what is served is HTTP */
    struct admin_table *tables;
    size_t table_count;
    struct admin_request *requests; /* those that wait */
    struct admin_request *streams;  /* those whose answers go on */
    struct MHD_Daemon *mhd;
    int listener, spare;                  /* sockets' descriptors; spare: one that is given up where none is left */
    struct admin_connection *connections; /* what began longest ago first */
    size_t connections_waiting, connections_busy; /* busy: with a request, from its headers to the end of its answer */
    unsigned spins;                               /* turns of libmicrohttpd without a pause */
    uv_poll_t accepts;                            /* of the listener */
    uint64_t accepts_again;                       /* when it is looked at again, in ms of the loop; 0: it is */
    struct deadline looks;                        /* for those whose time is over */
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
/* What is wrong with the request that arrives, whatever it asks for. */
enum admin_fault {
    FAULT_NONE,
    FAULT_NUL,       /* an escaped NUL in its path or query */
    FAULT_ARGUMENTS, /* more of them than ADMIN_ARGUMENTS_MAX */
};
#define ADMIN_ARGUMENTS_MAX 32
void admin_connection_note(struct MHD_Connection *connection, enum admin_fault fault);
enum admin_fault admin_connection_fault(struct MHD_Connection *connection);
void admin_connection_begun(struct admin *a, struct MHD_Connection *connection);   /* the headers of a request */
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
/* "http://HOST:PORT" of a listening socket; or "https". */
void admin_url_of(int fd, const char *scheme, char *out, size_t size);

/* ---- routes.c ---- */

/* Finds the route, checks who asks, and has the handler or itself answer. */
void admin_dispatch(struct admin *a, struct admin_request *r, const char *method);

/* ---- pages.c ---- */

extern const struct admin_route admin_pages[]; /* data: the struct admin */

/* ---- tokens.c ---- */

enum admin_token { TOKEN_NONE, TOKEN_READ, TOKEN_WRITE };
/* Reads the files; blocks. ERR_INVALID: one is empty, or both are the same; errors of buf_read_file; ERR_NOMEM. */
int admin_tokens_open(struct admin *a, struct error *err);
/* Watches them from now on. */
void admin_tokens_watch(struct admin *a);
/* The handles that libuv has are closed; or, where they were never watched, its memory is freed at once. */
void admin_tokens_close(struct admin *a);
/* The token that an Authorization header has; NULL is allowed. In a time that does not depend on how much is right. */
enum admin_token admin_token_of(const struct admin *a, const char *authorization);
/* Is there a token in the header at all, be it the right one or not? */
bool admin_bears_token(const char *authorization);
bool admin_has_token(const struct admin *a, enum admin_token which); /* is one configured? */

/* ---- https.c ---- */

/* Reads the pair, where there are files for one; blocks. Errors of tls_pair_read. */
int admin_tls_open(struct admin *a, struct error *err);
void admin_tls_watch(struct admin *a); /* its files, from now on */
void admin_tls_close(struct admin *a); /* as admin_tokens_close; when no connection is left */
/* For MHD_start_daemon, up to MHD_OPTION_END. */
#define ADMIN_TLS_OPTIONS 3
void admin_tls_options(const struct admin *a, struct MHD_OptionItem out[ADMIN_TLS_OPTIONS]);
/* A connection has come: it gets the pair in force, for admin_tls_release when it is closed. NULL: it is HTTP. */
struct tls_pair *admin_tls_give(struct admin *a, struct MHD_Connection *connection);
void admin_tls_release(struct tls_pair *pair);               /* NULL is ignored */
void admin_tls_part(const struct admin *a, struct buf *out); /* its line of /readyz?verbose */

/* ---- origin.c: who is behind a browser ---- */

/* NULL: the request may go on; else why not, with the cure. */
const char *admin_stranger(const struct admin *a, const struct admin_request *r);

/* ---- request.c ---- */

enum request_state {
    REQUEST_ARRIVING, /* the headers, the body */
    REQUEST_HANDLED,  /* the handler has it */
    REQUEST_WAITING,  /* the handler has returned; the answer comes later */
    REQUEST_ANSWERED,
    REQUEST_GONE, /* the connection is closed without an answer */
};

struct admin_request {
    struct admin *a;
    struct MHD_Connection *connection;
    enum request_state state;
    const char *path;                /* libmicrohttpd's */
    const struct admin_route *route; /* NULL: none */
    enum admin_token token;
    struct buf body;
    unsigned status;
    struct MHD_Response *response; /* of REQUEST_ANSWERED */
    const char *header, *value;    /* of the answer */
    bool page;                     /* a browser shows it, with our scripts and styles */
    void (*gone)(void *data, struct admin_request *r);
    void *data;
    uv_poll_t poll;  /* while it waits: sees the client go */
    bool polled;     /* libuv has the handle */
    bool completed;  /* libmicrohttpd has done with the request */
    bool streams;    /* and then: */
    bool suspended;  /* nothing is there to be sent */
    bool stream_end; /* nothing will be */
    struct admin_source source;
    struct buf piece; /* that is being sent */
    size_t sent;      /* of it */
    struct admin_request *prev, *next;
};

/* NULL: out of memory. */
struct admin_request *admin_request_new(struct admin *a, struct MHD_Connection *connection);
/* Called by libmicrohttpd's turns until the request is answered. MHD_NO: the connection is to be closed. */
enum MHD_Result admin_request_turn(struct admin_request *r, const char *method, const char *path);
/* Its headers have come. MHD_NO: the connection is to be closed. */
enum MHD_Result admin_request_begin(struct admin_request *r, const char *path);
/* A piece of its body. */
void admin_request_arrives(struct admin_request *r, const char *bytes, size_t len);
/* libmicrohttpd has done with it. */
void admin_request_completed(struct admin_request *r);
/* gone, for a request that waits. */
void admin_request_give_up(struct admin_request *r);

void admin_say(struct admin_request *r, unsigned status, const char *text); /* admin_answer with plain text */
/* Does the request's query have the argument, with a value or without? */
bool admin_request_argument(const struct admin_request *r, const char *name);
/* A header of the answer, before admin_answer; kept until then by the caller. One. */
void admin_request_set(struct admin_request *r, const char *name, const char *value);
/* Is it for a program? Then what is wrong is told as a problem, else in plain words. */
bool admin_request_of_api(const struct admin_request *r);
/* The headers that every answer has. page: it may have scripts and styles of this address. */
void admin_response_headers(struct MHD_Response *response, const char *type, bool page);

/* ---- going_on.c ---- */

/* For admin_close: the client is not heard of any more. */
void admin_stream_end(struct admin_request *r);
/* libmicrohttpd has done with it. */
void admin_stream_completed(struct admin_request *r);

#endif
