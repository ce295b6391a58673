/* The HTTP front: carries requests to the core and its answers back, with libmicrohttpd, on one thread. */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H
#include "base/error.h"
#include "sim/core/sim.h"

#include <microhttpd.h>

struct front;

struct front_options {
    const char *address;           /* an IP address */
    int port;                      /* 0: any */
    const char *certificate, *key; /* PEM; NULL: plain HTTP */
    const char *client_ca;         /* PEM of the CA of client certificates; NULL: none are asked for */
    int64_t latency_ms;
};

/* NULL on failure, with err filled. The simulator has to be made with front_wake as its wake function and the front as
 * owner of its watches; the front sets that up. */
struct front *front_start(const struct front_options *options, struct sim *sim, struct error *err);
int front_port(const struct front *f);
void front_run(struct front *f, int stop_fd); /* until stop_fd can be read */
void front_stop(struct front *f);
void front_wake(void *owner, struct sim_watch *w); /* sim_options.wake */

/* ---- shared by front.c and front_body.c */
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

void connection_suspend(struct connection *c, int64_t due_ms);
void connection_break(struct connection *c, enum sim_wire_kind how);
/* front_certificate.c: the client's, as far as TLS tells. name: of 128 bytes; "": it has none. False: it has one, and
 * it is not good. */
bool front_certificate(struct MHD_Connection *mhd, char name[128]);
/* Makes the response for c->resp, streaming or not; NULL: the connection is to be closed without one. */
struct MHD_Response *front_body(struct connection *c);
bool front_compress(struct buf *body);
#endif
