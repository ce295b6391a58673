/* SPDX-License-Identifier: Apache-2.0 */
/* How long the whole match has to hold before the policy acts, and since when it does. */
#include "time/duration.h"
#include "why/why_parts.h"

/* Is it handled, as far as it matches? Then the time that it had to hold is over. */
static bool is_handled(const struct policy *p, const struct event_handled *h, const struct mpijob_view *view,
                       int64_t now)
{
    return h && (event_handled_kinds(h, p, view, now).done & ON_MATCH);
}

static int64_t later(int64_t at, int64_t span)
{
    int64_t sum;
    return __builtin_add_overflow(at, span, &sum) ? WHY_NEVER : sum;
}

static int64_t due(const struct why *why, const struct policy *p, const struct event_handled *h,
                   const struct mpijob_view *view)
{
    static const struct event_handled none;
    if (why->matches_at == WHY_NEVER)
        return WHY_NEVER;
    if (!why->matches)
        return later(why->matches_at, p->holds_for);
    return event_handled_holds_at(h ? h : &none, p, view, why->now);
}

void why_waits(struct why *why, const struct policy *p, const struct event_handled *h, const struct mpijob_view *view)
{
    char span[32], since[40], at[40];
    if (!policy_waits(p))
        return;
    bool handled = is_handled(p, h, view, why->now);
    int64_t acts = due(why, p, h, view), from = acts - p->holds_for;
    const char *value = "it does not match yet";
    if (handled)
        value = "it has";
    else if (!h && why->matches)
        value = "since when it matches is not known here";
    else if (why->matches && h->holds_us > 0 && from < why->now)
        value = why_printf(why, "since %s, until %s", why_instant(why, from, since), why_instant(why, acts, at));
    else if (why->matches)
        value = "since now";
    duration_format(p->holds_for, false, span);
    why_add(why, &(struct why_condition){.key = "holds_for",
                                         .wanted = span,
                                         .value = value,
                                         .holds = handled || (why->matches && acts <= why->now),
                                         .due = acts});
}
