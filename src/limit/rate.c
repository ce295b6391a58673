/* SPDX-License-Identifier: Apache-2.0 */
/* A queue, and an alarm for its first. */
#include "limit/rate.h"

#include <utlist.h>

/* Where the clock was set back, the last one counts as just now: else all would wait until it is that late again. */
static int64_t next_at(struct rate *r, int64_t now)
{
    if (r->last > now)
        r->last = now;
    return r->last ? r->last + r->gap : now;
}

static void rang(struct alarm *alarm, int64_t now)
{
    struct rate *r = alarm->data;
    struct rate_wait *first = r->waits;
    if (!first)
        return;
    int64_t at = next_at(r, now);
    if (at > now) { /* the gap has become longer */
        alarm_set(r->alarms, &r->alarm, at);
        return;
    }
    r->last = now;
    DL_DELETE(r->waits, first);
    first->rate = NULL;
    if (r->waits)
        alarm_set(r->alarms, &r->alarm, now + r->gap);
    first->go(first);
}

void rate_init(struct rate *r, struct alarms *alarms, const struct clock *clock)
{
    *r = (struct rate){.alarms = alarms, .clock = clock, .alarm = {.ring = rang, .data = r}};
}

bool rate_take(struct rate *r, struct rate_wait *wait, int64_t gap)
{
    int64_t now = clock_now(r->clock);
    r->gap = gap;
    int64_t at = next_at(r, now);
    if (!r->waits && (at <= now || alarm_set(r->alarms, &r->alarm, at))) {
        r->last = now;
        return true;
    }
    wait->rate = r;
    DL_APPEND(r->waits, wait);
    return false;
}

void rate_leave(struct rate_wait *wait)
{
    struct rate *r = wait->rate;
    if (!r)
        return;
    wait->rate = NULL;
    DL_DELETE(r->waits, wait);
    if (!r->waits)
        alarm_stop(r->alarms, &r->alarm);
}
