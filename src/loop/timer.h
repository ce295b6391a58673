/* SPDX-License-Identifier: Apache-2.0 */
/* Timers on libuv's loop. Two kinds, because there are two kinds of time.
 *
 * A deadline rings so many milliseconds from now on the monotonic clock: for the network and for budgets. For "as soon
 * as possible" take loop/defer.h, which needs no handle of libuv.
 *
 * An alarm rings at an instant of the wall clock: for policies. It rings when the clock has reached the instant, never
 * early, and also after a suspend or a step of the clock, which is looked at again at least every ALARM_RECHECK_MS.
 * With a manual clock it rings when that clock is moved (alarms_clock_moved).
 *
 * Either is embedded in its owner. A deadline is begun once with deadline_init, and closed with deadline_close before
 * its memory goes; `closed` is called when libuv is done with it. An alarm needs no closing: alarm_stop is enough.
 * Callbacks run on the loop's thread, once each time that it is set. */
#ifndef MPIJOBD_LOOP_TIMER_H
#define MPIJOBD_LOOP_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"

#define ALARM_RECHECK_MS 1000

struct deadline {
    uv_timer_t timer;
    void (*ring)(struct deadline *);
    void (*closed)(struct deadline *);
    void *data; /* the owner's */
};

void deadline_init(uv_loop_t *loop, struct deadline *d, void (*ring)(struct deadline *), void *data);
void deadline_set(struct deadline *d, uint64_t ms); /* rings ms milliseconds from now, and not as it was set before */
void deadline_stop(struct deadline *d);
/* closed may be NULL. Allowed within the ring. */
void deadline_close(struct deadline *d, void (*closed)(struct deadline *));

/* All alarms of a daemon: a heap by instant with one libuv timer. */
struct alarms;
struct alarm {
    int64_t due;                               /* microseconds since 1970; written by alarm_set, others only read it */
    void (*ring)(struct alarm *, int64_t now); /* now: microseconds since 1970 */
    void *data;                                /* the owner's */
    /* The heap's own: */
    size_t slot;    /* 0: not set */
    uint64_t order; /* of alarms of one instant, the one that was set first rings first */
    bool later;     /* a ring of this very pass has set it for the past */
};

/* clock NULL: the system's. NULL: out of memory. */
struct alarms *alarms_new(uv_loop_t *loop, const struct clock *clock);
/* Forgets the alarms that are set and closes the timer; the loop frees the memory later. Not from within a ring. NULL
 * is allowed. */
void alarms_free(struct alarms *alarms);
/* Sets the alarm, or moves it if it is set. due: microseconds since 1970. 0, or ERR_NOMEM: then it is as before. One
 * for the past rings soon, but never within this call. An alarm that a ring sets for no later than the instant being
 * rung waits for the loop's next turn, so that it cannot keep the loop busy. A new alarm begins as {.ring = ...,
 * .data = ...}. */
int alarm_set(struct alarms *alarms, struct alarm *alarm, int64_t due);
void alarm_stop(struct alarms *alarms, struct alarm *alarm);
/* When the first of them rings: microseconds since 1970; INT64_MAX: none is set. */
int64_t alarms_next(const struct alarms *alarms);
/* The manual clock was moved: what is due rings before this returns, the earliest first. */
void alarms_clock_moved(struct alarms *alarms);

#endif
