/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP front: carries requests to the core and answers back, with libmicrohttpd, on one thread. */
#ifndef SIM_FRONT_H
#define SIM_FRONT_H
#include "base/error.h"
#include "sim/core/sim.h"

#include <microhttpd.h>

struct front;

struct front_options {
    const char *address;           /* an IP address, v4 or v6 */
    int port;                      /* 0: any free one */
    const char *certificate, *key; /* PEM; NULL: plain HTTP */
    const char *client_ca;         /* PEM of the CA of client certificates; NULL: clients are not asked for one */
    int64_t latency_ms;            /* every answer comes that much later */
};

/* NULL: err says why (ERR_INVALID, ERR_IO). sim has to be made with front_wake as its wake function. */
struct front *front_start(const struct front_options *options, struct sim *sim, struct error *err);
int front_port(const struct front *f);
void front_run(struct front *f, int stop_fd); /* returns when stop_fd can be read */
void front_stop(struct front *f);
void front_wake(void *owner, struct sim_watch *w); /* sim_options.wake */
#endif
