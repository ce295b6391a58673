/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front within: its state, and one connection. Only for front*.c. */
#ifndef SIM_FRONT_CONNECTION_H
#define SIM_FRONT_CONNECTION_H
#include "sim/front.h"

struct connection {
    struct connection *next, **link;
    struct front *front;
    struct MHD_Connection *mhd;
    int fd;
    struct buf body; /* the target, a NUL, and the body of the request */
    bool too_large, answered;
    struct sim_response resp;
    struct buf out;          /* the part of a stream that the core has given */
    size_t sent;             /* of out */
    bool cutting, suspended; /* cutting: nothing more is sent */
    int64_t due_ms;          /* resume then; INT64_MAX: only when something happens; 0: nothing was called yet */
    int64_t paused_until;    /* when the next bytes of a trickle are due */
};

struct front {
    struct sim *sim;
    struct MHD_Daemon *mhd;
    struct connection *connections;
    int64_t latency_ms, now_ms;
    bool client_ca, resumed;
    int64_t due_ms; /* the earliest due_ms of a connection */
    bool restart, stopping;
};

/* ---- front_connection.c: what libmicrohttpd calls */
void *connection_begin(void *front, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result connection_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state);
void connection_completed(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why);

/* The connection sleeps until that time, or until connection_resume. */
void connection_suspend(struct connection *c, int64_t due_ms);
void connection_resume(struct connection *c);
bool connection_gone(const struct connection *c); /* its client has closed it */
void connection_break(struct connection *c, enum sim_wire_kind how);
void connection_give_up(struct connection *c, enum sim_wire_kind how); /* breaks it, and wakes it to be closed */

/* ---- front.c: the now_ms at which that many milliseconds have passed from this moment, and never fewer */
int64_t front_later(int64_t ms);

/* ---- front_body.c */
/* Makes the response for c->resp, as a stream or not. NULL: close the connection without an answer. */
struct MHD_Response *front_body(struct connection *c);
bool front_compress(struct buf *body); /* with gzip, in place; false: body is as it was */
#endif
