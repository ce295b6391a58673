/* SPDX-License-Identifier: Apache-2.0 */
/* A rate: whoever asks goes on at once, or waits for its instant, in the order of asking. Between any two there is a
 * gap at least, so that there are no bursts: at 5 per second, 0.2 s. By the clock of its alarms. */
#ifndef MPIJOBD_LIMIT_RATE_H
#define MPIJOBD_LIMIT_RATE_H

#include "loop/timer.h"

struct rate;

struct rate_wait { /* the owner's; it stays in place while it waits */
    void (*go)(struct rate_wait *wait);
    struct rate *rate; /* in whose queue it is; NULL: it does not wait */
    struct rate_wait *prev, *next;
};

struct rate {
    struct alarms *alarms;     /* not owned */
    const struct clock *clock; /* of these alarms */
    struct alarm alarm;
    int64_t gap;  /* microseconds */
    int64_t last; /* microseconds since 1970: when the last one went on; 0: none did yet */
    struct rate_wait *waits;
};

void rate_init(struct rate *rate, struct alarms *alarms, const struct clock *clock);
/* gap: microseconds, 1 or more; it holds for those that wait already, too. True: it may go on now. False: wait->go is
 * called later, and never from within this call. Without memory to wait it goes on, too early. */
bool rate_take(struct rate *rate, struct rate_wait *wait, int64_t gap);
/* It waits no longer; a rate in which nobody waits may go without more. */
void rate_leave(struct rate_wait *wait);

#endif
