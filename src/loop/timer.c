/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, which are libuv's timers, and alarms: a heap of instants of the wall clock over one deadline. */
#include "loop/timer.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/grown.h"

/* ---- deadlines ---- */

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

/* ---- alarms: the heap ---- */

/* A binary heap. Slot 0 is not used: an alarm with slot 0 is not set. */
struct alarms {
    struct deadline timer;
    const struct clock *clock;
    struct alarm **heap;
    size_t count, room; /* heap[1..count]; room counts slot 0 */
    uint64_t orders;
    bool ringing;  /* a pass is under way */
    int64_t rung;  /* the instant that the pass has come to */
    size_t laters; /* alarms with `later` set; they stand behind all others until the pass ends */
};

static bool before(const struct alarm *a, const struct alarm *b)
{
    if (a->later != b->later)
        return b->later;
    if (a->due != b->due)
        return a->due < b->due;
    return a->order < b->order;
}

static void put(struct alarms *alarms, size_t slot, struct alarm *alarm)
{
    alarms->heap[slot] = alarm;
    alarm->slot = slot;
}

static void sift_up(struct alarms *alarms, struct alarm *alarm)
{
    size_t slot = alarm->slot;
    while (slot > 1 && before(alarm, alarms->heap[slot / 2])) {
        put(alarms, slot, alarms->heap[slot / 2]);
        slot /= 2;
    }
    put(alarms, slot, alarm);
}

static void sift_down(struct alarms *alarms, struct alarm *alarm)
{
    size_t slot = alarm->slot;
    for (;;) {
        size_t child = slot * 2;
        if (child > alarms->count)
            break;
        if (child < alarms->count && before(alarms->heap[child + 1], alarms->heap[child]))
            child++;
        if (!before(alarms->heap[child], alarm))
            break;
        put(alarms, slot, alarms->heap[child]);
        slot = child;
    }
    put(alarms, slot, alarm);
}

static void take_out(struct alarms *alarms, struct alarm *alarm)
{
    struct alarm *last = alarms->heap[alarms->count--];
    if (last != alarm) {
        put(alarms, alarm->slot, last);
        sift_up(alarms, last);
        sift_down(alarms, last);
    }
    alarm->slot = 0;
    if (alarm->later) {
        alarm->later = false;
        alarms->laters--;
    }
}

/* ---- alarms: ringing ---- */

/* Has the timer ring when the earliest alarm may be due. The timer runs on the monotonic clock, so the wall clock is
 * looked at again at least every ALARM_RECHECK_MS: a step of it, or a suspend, is seen within that time. */
static void arm(struct alarms *alarms)
{
    if (alarms->ringing)
        return;
    if (alarms->count == 0) {
        deadline_stop(&alarms->timer);
        return;
    }
    int64_t wait = alarms->heap[1]->due - clock_now(alarms->clock);
    if (wait <= 0)
        deadline_set(&alarms->timer, 0);
    else if (alarms->clock && alarms->clock->manual)
        deadline_stop(&alarms->timer);
    else if (wait > ALARM_RECHECK_MS * INT64_C(1000))
        deadline_set(&alarms->timer, ALARM_RECHECK_MS);
    else
        deadline_set(&alarms->timer, (uint64_t)(wait + 999) / 1000);
}

/* The pass is over: alarms that it set for the past take their place again. */
static bool settle(struct alarms *alarms)
{
    if (alarms->laters == 0)
        return false;
    for (size_t i = 1; i <= alarms->count; i++)
        alarms->heap[i]->later = false;
    for (size_t i = alarms->count / 2; i >= 1; i--)
        sift_down(alarms, alarms->heap[i]);
    alarms->laters = 0;
    return true;
}

static void ring_due(struct alarms *alarms)
{
    if (alarms->ringing)
        return;
    alarms->ringing = true;
    int64_t now = clock_now(alarms->clock);
    while (alarms->count) {
        struct alarm *alarm = alarms->heap[1];
        if (alarm->later || alarm->due > now)
            break;
        alarms->rung = alarm->due;
        take_out(alarms, alarm);
        alarm->ring(alarm, now);
    }
    alarms->ringing = false;
    if (settle(alarms))
        deadline_set(&alarms->timer, 1); /* 0 would have libuv ring it before it has looked at any socket */
    else
        arm(alarms);
}

static void on_ring(struct deadline *timer)
{
    ring_due(timer->data);
}

/* ---- alarms: their life ---- */

struct alarms *alarms_new(uv_loop_t *loop, const struct clock *clock)
{
    struct alarms *alarms = calloc(1, sizeof *alarms);
    if (!alarms)
        return NULL;
    alarms->clock = clock;
    deadline_init(loop, &alarms->timer, on_ring, alarms);
    return alarms;
}

static void on_closed(struct deadline *timer)
{
    free(timer->data);
}

void alarms_free(struct alarms *alarms)
{
    if (!alarms)
        return;
    for (size_t i = 1; i <= alarms->count; i++) {
        alarms->heap[i]->slot = 0;
        alarms->heap[i]->later = false;
    }
    free(alarms->heap);
    alarms->heap = NULL;
    alarms->count = 0;
    deadline_close(&alarms->timer, on_closed);
}

static int make_room(struct alarms *alarms)
{
    struct alarm **heap = grown(alarms->heap, alarms->count + 1, &alarms->room, sizeof(struct alarm *), 16);
    if (!heap)
        return ERR_NOMEM;
    alarms->heap = heap;
    return 0;
}

int alarm_set(struct alarms *alarms, struct alarm *alarm, int64_t due)
{
    if (alarm->slot)
        take_out(alarms, alarm);
    else if (make_room(alarms))
        return ERR_NOMEM;
    alarm->due = due;
    alarm->order = alarms->orders++;
    alarm->later = alarms->ringing && due <= alarms->rung;
    alarms->laters += alarm->later;
    put(alarms, ++alarms->count, alarm);
    sift_up(alarms, alarm);
    arm(alarms);
    return 0;
}

void alarm_stop(struct alarms *alarms, struct alarm *alarm)
{
    if (!alarm->slot)
        return;
    take_out(alarms, alarm);
    arm(alarms);
}

int64_t alarms_next(const struct alarms *alarms)
{
    return alarms->count ? alarms->heap[1]->due : INT64_MAX;
}

void alarms_clock_moved(struct alarms *alarms)
{
    ring_due(alarms);
}
