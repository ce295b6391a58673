/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of calls for later in this turn of the loop, or its next one.
 *
 * An idle handle carries it: libuv calls these in every turn after the timers that are due and before it looks at
 * sockets, and does not wait for sockets while one is active. A timer set to 0 by a timer's callback would ring in the
 * same pass over the timers, again and again, before any socket is looked at. */
#include "loop/defer.h"

#include <utlist.h>

static void take_out(struct defer *item)
{
    struct defer_queue *queue = item->queue;
    DL_DELETE(queue->items, item);
    item->queue = NULL;
    if (!queue->items)
        uv_idle_stop(&queue->idle);
}

static void on_idle(uv_idle_t *idle)
{
    struct defer_queue *queue = idle->data;
    unsigned turn = ++queue->turn;
    while (queue->items && queue->items->turn != turn) {
        struct defer *item = queue->items;
        take_out(item);
        item->call(item);
    }
}

static void on_closed(uv_handle_t *idle)
{
    struct defer_queue *queue = idle->data;
    if (queue->closed)
        queue->closed(queue->data);
}

void defer_queue_open(uv_loop_t *loop, struct defer_queue *queue)
{
    *queue = (struct defer_queue){0};
    uv_idle_init(loop, &queue->idle); /* cannot fail: it only links the handle in */
    queue->idle.data = queue;
}

void defer_queue_close(struct defer_queue *queue, void (*closed)(void *data), void *data)
{
    queue->closed = closed;
    queue->data = data;
    while (queue->items)
        take_out(queue->items);
    uv_close((uv_handle_t *)&queue->idle, on_closed);
}

void defer_call(struct defer_queue *queue, struct defer *item)
{
    if (item->queue || uv_is_closing((uv_handle_t *)&queue->idle))
        return;
    item->queue = queue;
    item->turn = queue->turn;
    DL_APPEND(queue->items, item);
    uv_idle_start(&queue->idle, on_idle);
}

void defer_cancel(struct defer *item)
{
    if (item->queue)
        take_out(item);
}
