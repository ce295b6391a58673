/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the API. */
#include <stddef.h>
#include <stdlib.h>

#include "web/api_parts.h"

int web_open(uv_loop_t *loop, struct admin *admin, struct web **out, struct error *err)
{
    const struct admin_route *const tables[] = {policy_routes, approval_routes,  daemon_routes, journal_routes,
                                                event_routes,  dashboard_routes, jobs_routes,   held_routes};
    struct web *w = calloc(1, sizeof *w);
    int rc = 0;
    if (!w)
        return error_nomem(err);
    events_open(&w->events, loop);
    held_open(&w->held, loop);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && !rc; i++)
        rc = admin_add(admin, tables[i], w, err);
    *out = w;
    return rc;
}

void web_serve(struct web *web, const struct web_serving *serving)
{
    web->control = serving->control;
    events_serve(&web->events, serving);
    held_serve(&web->held, serving->engine);
}

void web_stop(struct web *web)
{
    if (!web || web->stopped)
        return;
    web->control = NULL;
    web->stopped = true;
    events_stop(&web->events);
    held_stop(&web->held);
}

static void timer_closed(struct deadline *timer)
{
    struct events *events = timer->data;
    free((char *)events - offsetof(struct web, events));
}

static void held_closed(struct deadline *timer)
{
    struct held_samples *held = timer->data;
    struct web *web = (struct web *)((char *)held - offsetof(struct web, held));
    events_close(&web->events, timer_closed);
}

void web_close(struct web *web)
{
    if (web)
        held_close(&web->held, held_closed);
}
