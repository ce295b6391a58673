/* Timers on libuv's loop. Two kinds, because there are two kinds of time.
 *
 * A deadline: so many milliseconds from now, monotonic (network, budgets).
 *
 * An alarm: an instant of the wall clock (policies). It rings when the clock has reached the instant, also after a
 * suspend or a step of the clock (looked at again at least every ALARM_RECHECK_MS), and never early. With a manual
 * clock it rings when that clock is moved (alarms_clock_moved).
 *
 * Either is embedded in its owner. A deadline is begun once with deadline_init, and closed with deadline_close before
 * the memory goes; `closed` is called when libuv is done with it. Callbacks run on the loop's thread, once for each
 * set. */
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
void deadline_set(struct deadline *d, uint64_t ms); /* from now, replacing an earlier setting */
void deadline_stop(struct deadline *d);
void deadline_close(struct deadline *d, void (*closed)(struct deadline *)); /* closed may be NULL */

/* All alarms of a daemon: a heap by instant with one libuv timer. */
struct alarms;
struct alarm {
    int64_t due; /* microseconds since 1970; read only, alarm_set's */
    void (*ring)(struct alarm *, int64_t now);
    void *data;
    /* The heap's own: */
    size_t slot;    /* 0: not set */
    uint64_t order; /* of alarms of one instant, the one that was set first rings first */
    bool later;     /* set for the past by a ring of this very pass */
};

/* clock NULL: the system's. NULL: out of memory. */
struct alarms *alarms_new(uv_loop_t *loop, const struct clock *clock);
/* Forgets the alarms that are set, closes the timer; the memory goes with it, on the loop. Not from within a ring. */
void alarms_free(struct alarms *alarms);
/* Sets it, or moves it if it is set: 0, or ERR_NOMEM (then it is as before). A past instant rings soon, never within
 * this call. An alarm that a ring sets for no later than the instant being rung waits for the loop's next turn: it
 * cannot keep the loop busy. A new alarm begins as {.ring = ..., .data = ...}. */
int alarm_set(struct alarms *alarms, struct alarm *alarm, int64_t due);
void alarm_stop(struct alarms *alarms, struct alarm *alarm);
/* The manual clock was moved: rings what is due, earliest first, before it returns. */
void alarms_clock_moved(struct alarms *alarms);
/* The earliest due instant; false: none is set. */
bool alarms_next(const struct alarms *alarms, int64_t *due);

#endif
