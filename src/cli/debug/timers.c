/* SPDX-License-Identifier: Apache-2.0 */
/* The loop's timers stand still with everything else: otherwise a minute at a breakpoint would be a test's time-out. */
#include <stdlib.h>

#include "cli/debug/parts.h"

struct held {
    uv_timer_t *timer;
    uint64_t due; /* milliseconds from then on */
    uint64_t order;
};

struct held_timers {
    struct held *items;
    size_t count, cap;
};

static void note(uv_handle_t *handle, void *data)
{
    struct held_timers *h = data;
    uv_timer_t *timer = (uv_timer_t *)handle;
    if (handle->type != UV_TIMER || !uv_is_active(handle) || uv_is_closing(handle))
        return;
    if (h->count == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 64;
        struct held *items = realloc(h->items, cap * sizeof *items);
        if (!items)
            return; /* that one rings early */
        h->items = items;
        h->cap = cap;
    }
    h->items[h->count++] =
        (struct held){.timer = timer, .due = uv_timer_get_due_in(timer), .order = (uint64_t)timer->start_id};
}

static int by_due(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

struct held_timers *timers_hold(uv_loop_t *loop)
{
    struct held_timers *h = calloc(1, sizeof *h);
    if (h)
        uv_walk(loop, note, h);
    return h;
}

void timers_go_on(uv_loop_t *loop, struct held_timers *h)
{
    if (!h)
        return;
    uv_update_time(loop);
    qsort(h->items, h->count, sizeof *h->items,
          by_due); /* those of one instant ring in the order in which they were set */
    for (size_t i = 0; i < h->count; i++) {
        uv_timer_t *t = h->items[i].timer;
        if (uv_is_active((uv_handle_t *)t))
            uv_timer_start(t, t->timer_cb, h->items[i].due, uv_timer_get_repeat(t));
    }
    free(h->items);
    free(h);
}
