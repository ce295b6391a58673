#include "loop/timer.h"

static void on_timer(uv_timer_t *timer)
{
    struct deadline *d = timer->data;
    d->ring(d);
}

static void on_close(uv_handle_t *handle)
{
    struct deadline *d = handle->data;
    if (d->closed)
        d->closed(d);
}

void deadline_init(uv_loop_t *loop, struct deadline *d, void (*ring)(struct deadline *), void *data)
{
    *d = (struct deadline){.ring = ring, .data = data};
    uv_timer_init(loop, &d->timer); /* cannot fail: it only links the handle in */
    d->timer.data = d;
}

void deadline_set(struct deadline *d, uint64_t ms)
{
    /* libuv counts from the time that it read when this turn of the loop began: after a long callback a timer would
     * ring early by as much. */
    uv_update_time(d->timer.loop);
    uv_timer_start(&d->timer, on_timer, ms, 0);
}

void deadline_stop(struct deadline *d)
{
    uv_timer_stop(&d->timer);
}

void deadline_close(struct deadline *d, void (*closed)(struct deadline *))
{
    d->closed = closed;
    uv_close((uv_handle_t *)&d->timer, on_close);
}
