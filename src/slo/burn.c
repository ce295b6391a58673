/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of minutes. */
#include "slo/burn.h"

#include "base/clock.h"

static int64_t minute_of(int64_t at)
{
    return at / (60 * CLOCK_SECOND);
}

void burn_add(struct burn *b, int64_t at, bool good)
{
    int64_t minute = minute_of(at);
    int i = (int)(minute % BURN_MINUTES);
    if (at < 0 || b->minutes[i].minute > minute)
        return;
    if (b->minutes[i].minute < minute) {
        b->minutes[i].minute = minute;
        b->minutes[i].good = b->minutes[i].bad = 0;
    }
    b->minutes[i].good += good;
    b->minutes[i].bad += !good;
}

double burn_rate(const struct burn *b, int64_t now, int minutes, double objective)
{
    int64_t last = minute_of(now), first = last - minutes;
    double good = 0, bad = 0;
    for (int i = 0; i < BURN_MINUTES; i++) {
        if (b->minutes[i].minute <= first || b->minutes[i].minute > last)
            continue;
        good += b->minutes[i].good;
        bad += b->minutes[i].bad;
    }
    return bad > 0 ? bad * 100 / ((good + bad) * (100 - objective)) : 0;
}
