/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/v1/events. */
#ifndef MPIJOBD_WEB_API_EVENTS_H
#define MPIJOBD_WEB_API_EVENTS_H

#include "loop/timer.h"
#include "web/api.h"
#include "web/event_ring.h"
#include "web/events_told.h"

struct stream;
struct events {
    struct engine *engine; /* NULL: not serving yet */
    struct store *store;   /* that is watched; NULL: it is not */
    int64_t since;         /* ms since 1970: in the ids, as the numbers of an earlier daemon are others */
    struct event_ring ring;
    struct event_sums sums; /* as they were told last */
    struct stream *streams; /* list */
    size_t count;
    struct deadline timer; /* set while there are streams */
    bool stopped;
};

void events_open(struct events *events, uv_loop_t *loop);
void events_serve(struct events *events, const struct web_serving *serving);
void events_stop(struct events *events); /* the clients are let go; they come again to the next daemon */
/* No streams are left. closed: when libuv is done with it. */
void events_close(struct events *events, void (*closed)(struct deadline *timer));

#endif
