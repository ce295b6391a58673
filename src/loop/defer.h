/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that happen soon, but not within the function that asks for them: a request's `done` that must not come from
 * within its start function, the next piece of a long job, the freeing of what is still in use further up the stack.
 *
 * An item is embedded in its owner, as {.call = ..., .data = ...}. It needs no handle of libuv and no closing: once it
 * was called or cancelled, its memory may go at once, in its own call too. A queue has one handle for all its items,
 * and keeps the loop awake only while an item is in it. Whoever lives longest on the loop owns the queue and hands it
 * down.
 *
 * Items are called on the loop's thread, in the order in which they were added, before the loop next waits for
 * anything. What is added by a call waits for the next turn, so the loop looks at its timers and sockets in between,
 * however often an item adds itself. Nothing here fails or allocates. */
#ifndef MPIJOBD_LOOP_DEFER_H
#define MPIJOBD_LOOP_DEFER_H

#include <stdbool.h>
#include <uv.h>

struct defer {
    void (*call)(struct defer *item);
    void *data; /* the owner's */
    /* The queue's own: */
    struct defer_queue *queue; /* NULL: in none */
    struct defer *prev, *next;
    unsigned turn; /* the queue's turn in which it was added */
};

struct defer_queue {
    uv_idle_t idle;      /* active while there are items; libuv then looks at sockets without waiting */
    struct defer *items; /* in order */
    unsigned turn;       /* counts the turns in which items were called */
    void (*closed)(void *data);
    void *data;
};

/* The memory is the owner's and stays until `closed`. Cannot fail. */
void defer_queue_open(uv_loop_t *loop, struct defer_queue *queue);
/* Cancels the items that are left. closed (may be NULL) is called with data on the loop when libuv is done with the
 * queue. Allowed within an item's call. After this, defer_call does nothing. */
void defer_queue_close(struct defer_queue *queue, void (*closed)(void *data), void *data);

/* Has the item called once. An item that waits already keeps its place. */
void defer_call(struct defer_queue *queue, struct defer *item);
/* Not called, if it still waits to be. */
void defer_cancel(struct defer *item);

static inline bool defer_waits(const struct defer *item)
{
    return item->queue != NULL;
}

#endif
