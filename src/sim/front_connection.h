/* What the files of the HTTP front share: the front, and one connection. */
#ifndef SIM_FRONT_CONNECTION_H
#define SIM_FRONT_CONNECTION_H
#include "sim/front.h"

struct connection {
    struct connection *next, **link;
    struct front *front;
    struct MHD_Connection *mhd;
    int fd;
    struct buf body; /* of the request */
    bool too_large, answered;
    struct sim_response resp;
    struct buf out;          /* of a stream: what the core gave and the socket has not taken */
    size_t sent;             /* of out, or of resp.body */
    bool cutting, suspended; /* cutting: what is left to send is not sent any more */
    int64_t due_ms;          /* resume at that time; INT64_MAX: when something happens */
    int64_t paused_until;    /* of a trickle */
};

struct front {
    struct sim *sim;
    struct MHD_Daemon *mhd;
    struct connection *connections;
    int64_t latency_ms, now_ms;
    bool client_ca, resumed;
    int64_t due_ms; /* the earliest of the connections' */
    bool restart, stopping;
};

/* ---- front_connection.c: what libmicrohttpd calls */
void *connection_begin(void *front, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result connection_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                   const char *version, const char *upload, size_t *upload_size, void **state);
void connection_completed(void *cls, struct MHD_Connection *mhd, void **state, enum MHD_RequestTerminationCode why);

/* Sleeps until that time, or until connection_resume. */
void connection_suspend(struct connection *c, int64_t due_ms);
void connection_resume(struct connection *c);
bool connection_gone(const struct connection *c); /* its client has left */
void connection_break(struct connection *c, enum sim_wire_kind how);
void connection_give_up(struct connection *c, enum sim_wire_kind how); /* breaks it and lets libmicrohttpd close it */

/* ---- front_body.c */
/* Makes the response for c->resp, streaming or not; NULL: the connection is to be closed without one. */
struct MHD_Response *front_body(struct connection *c);
bool front_compress(struct buf *body);
#endif
