/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. */
#ifndef MPIJOBD_OUTSIDE_OUTSIDE_PARTS_H
#define MPIJOBD_OUTSIDE_OUTSIDE_PARTS_H

#include "base/metrics.h"
#include "http/http.h"
#include "loop/defer.h"
#include "outside/outside.h"

struct web_request;
struct shelf;
struct own_metrics;
struct outbox;

struct outside {
    uv_loop_t *loop;
    struct defer_queue *soon;
    const struct clock *clock;
    const struct log *log;
    struct metrics *metrics;
    struct outside_config config;
    /* Two, because a connection is used again: one that the configuration allows is nothing for scripts. */
    struct http_client *guarded, *trusted; /* NULL: not used yet */
    struct web_request *requests;          /* list */
    struct metric *asked;
    struct shelf *shelves;   /* list */
    struct outbox *outbox;   /* NULL: nothing is told to anybody */
    struct own_metrics *own; /* NULL: no policy has any */
    bool closing;
    unsigned open; /* clients and requests */
    void (*closed)(void *data);
    void *data;
};

void outside_opened(struct outside *outside);
void outside_was_closed(void *outside); /* may free it, so it is the last thing to do with it */
void shelves_free(struct outside *outside);
void own_metrics_free(struct outside *outside);
/* Made at its first use. NULL: *err says why. */
struct http_client *outside_client(struct outside *outside, bool trusted, struct error *err);

#endif
