/* Timers on libuv's loop. Two kinds, because there are two kinds of time:
 * - a deadline: so many milliseconds from now, monotonic (network, budgets);
 * - an alarm: an instant of the wall clock (policies). It rings when the clock has reached the instant, also after a suspend
 *   or a step of the clock (looked at again at least every `ALARM_RECHECK_MS`), and never early. With a manual clock it rings when
 *   that clock is moved (alarms_clock_moved).
 * A timer is embedded in its owner, who calls *_init once, and *_close before the memory goes; closed is called when libuv is done
 * with it. Callbacks run on the loop's thread, once for each set. */
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
    int64_t due; /* microseconds since 1970 */
    void (*ring)(struct alarm *, int64_t now);
    void *data;
    size_t slot; /* the heap's own; 0: not set */
};

struct alarms *alarms_new(uv_loop_t *loop, const struct clock *clock); /* NULL: out of memory */
void alarms_free(struct alarms *alarms);                                /* closes the timer; the memory goes with it, on the loop */
int alarm_set(struct alarms *alarms, struct alarm *alarm, int64_t due); /* 0 or ERR_NOMEM; a past instant rings soon */
void alarm_stop(struct alarms *alarms, struct alarm *alarm);
/* The manual clock was moved: rings what is due, earliest first, before it returns. */
void alarms_clock_moved(struct alarms *alarms);
/* The earliest due instant; false: none is set. */
bool alarms_next(const struct alarms *alarms, int64_t *due);

#endif
