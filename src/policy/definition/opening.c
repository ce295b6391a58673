/* SPDX-License-Identifier: Apache-2.0 */
/* The timetable of a policy, which counts whole seconds, asked in microseconds. */
#include "policy/definition/opening.h"

#include <stdio.h>

#include "base/clock.h"

static struct timetable table_of(const struct policy *p)
{
    struct timetable t = {.allow = &p->window};
    if (p->freezes) {
        t.deny = p->freezes->windows;
        t.deny_count = p->freezes->count;
    }
    return t;
}

/* Openings are whole seconds, so nothing changes within one. */
static int64_t second_of(int64_t us)
{
    return us / CLOCK_SECOND - (us % CLOCK_SECOND < 0);
}

bool policy_open(const struct policy *p, int64_t at_us)
{
    struct timetable t = table_of(p);
    return !policy_has_opening(p) || timetable_open(&t, second_of(at_us));
}

static int64_t next(const struct policy *p, int64_t from_us, bool open, int64_t within)
{
    struct timetable t = table_of(p);
    int64_t from = second_of(from_us), at;
    if (!timetable_next(&t, from, open, within, &at))
        return INT64_MAX;
    return at == from ? from_us : at * CLOCK_SECOND;
}

int64_t policy_opening(const struct policy *p, int64_t from_us)
{
    return next(p, from_us, true, WINDOWS_AHEAD);
}

int64_t policy_closing(const struct policy *p, int64_t from_us, int64_t within_us)
{
    return next(p, from_us, false, within_us / CLOCK_SECOND);
}

int64_t policy_closed_since(const struct policy *p, int64_t at_us)
{
    struct timetable t = table_of(p);
    return timetable_closed_since(&t, second_of(at_us)) * CLOCK_SECOND;
}

const struct freeze *policy_frozen(const struct policy *p, int64_t at_us)
{
    return freezes_at(p->freezes, second_of(at_us));
}

const char *policy_closed_text(const struct policy *p, int64_t at_us, char out[POLICY_CLOSED_TEXT])
{
    char when[40];
    int64_t at = policy_opening(p, at_us);
    const struct freeze *freeze = policy_frozen(p, at_us);
    const char *how = freeze ? "frozen" : "outside its window", *why = freeze ? ": " : "";
    zone_format(p->zone, second_of(at == INT64_MAX ? at_us : at), when);
    if (at == INT64_MAX)
        snprintf(out, POLICY_CLOSED_TEXT, "%s, and not to run within two years%s%.200s", how, why,
                 freeze ? freeze->reason : "");
    else
        snprintf(out, POLICY_CLOSED_TEXT, "%s until %s%s%.200s", how, when, why, freeze ? freeze->reason : "");
    return out;
}
