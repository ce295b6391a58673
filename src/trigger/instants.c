/* SPDX-License-Identifier: Apache-2.0 */
/* The instants of schedules and periods, and the runs for them: those that wait for an opening are one. */
#include "trigger/instants.h"

#include <string.h>

#include "policy/definition/opening.h"

#define COUNT_MAX 100000

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int policy_next_instant(const struct policy *p, int64_t after_us, int64_t *due_us, struct error *err)
{
    if (p->every) {
        *due_us = (floor_div(after_us, p->every) + 1) * p->every;
        return 0;
    }
    if (!p->has_schedule)
        return error_set(err, ERR_NOT_FOUND, "the policy has no schedule");
    int64_t seconds;
    int rc = cron_next(&p->cron, p->zone, floor_div(after_us, CLOCK_SECOND), &seconds, err);
    if (!rc)
        *due_us = seconds * CLOCK_SECOND;
    return rc;
}

int policy_next_run(const struct policy *p, int64_t after_us, int64_t *due_us, struct error *err)
{
    int rc = policy_next_instant(p, after_us, due_us, err);
    if (rc || !policy_has_opening(p))
        return rc;
    *due_us = policy_opening(p, *due_us);
    return *due_us == INT64_MAX ? error_set(err, ERR_NOT_FOUND, "its window does not open within two years") : 0;
}

int policy_next_due(const struct policy *p, int64_t after_us, int64_t *due_us, struct error *err)
{
    if (policy_has_opening(p) && !policy_open(p, after_us)) /* what fell due since the close still waits */
        after_us = policy_closed_since(p, after_us) - 1;
    return policy_next_run(p, after_us, due_us, err);
}

size_t policy_due_between(const struct policy *p, int64_t after_us, int64_t until_us, int64_t *out_us, size_t max)
{
    size_t n = 0;
    if (p->every && until_us > after_us &&
        !policy_has_opening(p)) { /* by arithmetic: a second's period over a year would be a long loop */
        int64_t last = floor_div(until_us, p->every), count = last - floor_div(after_us, p->every);
        n = count > COUNT_MAX ? COUNT_MAX : (size_t)count;
        size_t keep = n < max ? n : max;
        for (size_t i = 0; i < keep; i++)
            out_us[i] = (last - (int64_t)(keep - 1 - i)) * p->every;
        return n;
    }
    int64_t due_us = 0;
    while (n < COUNT_MAX && policy_next_run(p, after_us, &due_us, NULL) == 0 && due_us <= until_us) {
        if (n >= max && max)
            memmove(out_us, out_us + 1, (max - 1) * sizeof *out_us);
        if (max)
            out_us[n < max ? n : max - 1] = due_us;
        n++;
        after_us = due_us;
    }
    return n;
}

size_t policy_instants_between(const struct policy *p, int64_t after_us, int64_t until_us)
{
    size_t n = 0;
    while (n < INSTANTS_COUNTED && policy_next_instant(p, after_us, &after_us, NULL) == 0 && after_us <= until_us)
        n++;
    return n;
}
