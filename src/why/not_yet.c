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

/* From when the match holds, and when the policy acts if all goes on as it is. */
struct span {
    struct job_wait wait;
    int64_t held, acts;
};

static struct span span_of(const struct why *why, const struct policy *p, const struct event_handled *h,
                           const struct mpijob_view *view)
{
    static const struct event_handled none;
    struct span s = {.held = WHY_NEVER, .acts = WHY_NEVER};
    s.wait = why->matches ? event_handled_wait(h ? h : &none, p, view, why->now)
                          : (struct job_wait){.holds_us = why->matches_at};
    s.held = later(s.wait.holds_us, p->holds_for);
    bool acts;
    int64_t next = wait_next(p, &s.wait, &acts);
    s.acts = acts || next > why->now ? wait_acts(p, &s.wait) : wait_acts_after(p, &s.wait, why->now);
    return s;
}

static const char *since(struct why *why, const struct event_handled *h, const struct span *s, bool handled)
{
    char since[40], until[40];
    if (handled)
        return "it has";
    if (!why->matches)
        return "it does not match yet";
    if (!h)
        return "since when it matches is not known here";
    if (s->wait.holds_us >= why->now)
        return "since now";
    return why_printf(why, "since %s, until %s", why_instant(why, s->wait.holds_us, since),
                      why_instant(why, s->held, until));
}

/* "24h, 1h before" */
static const char *times(struct why *why, const struct policy *p)
{
    struct buf out = BUF_INIT;
    char span[32];
    for (unsigned i = 0; i < p->warn.count; i++) {
        duration_format(p->warn.at[i], false, span);
        buf_printf(&out, "%s%s", i ? ", " : "", span);
    }
    buf_puts(&out, " before it acts");
    return why_take(why, &out);
}

static const char *warned(struct why *why, const struct policy *p, const struct span *s, bool handled)
{
    char next[40];
    bool acts;
    if (handled)
        return "its owner was warned";
    if (!why->matches)
        return "not yet";
    int64_t at = wait_next(p, &s->wait, &acts);
    if (acts)
        return why_printf(why, "all %u given", p->warn.count);
    return why_printf(why, at <= why->now ? "%u of %u given, the next is due" : "%u of %u given, the next at %s",
                      s->wait.warned, p->warn.count, why_instant(why, at, next));
}

void why_waits(struct why *why, const struct policy *p, const struct event_handled *h, const struct mpijob_view *view)
{
    char span[32];
    if (!policy_waits(p) || why->matches_at == WHY_NEVER)
        return;
    bool handled = is_handled(p, h, view, why->now), acts = true;
    struct span s = span_of(why, p, h, view);
    duration_format(p->holds_for, false, span);
    if (p->holds_for)
        why_add(why, &(struct why_condition){.key = "holds_for",
                                             .wanted = span,
                                             .value = since(why, h, &s, handled),
                                             .holds = handled || (why->matches && s.held <= why->now),
                                             .due = s.held});
    if (why->matches)
        wait_next(p, &s.wait, &acts);
    if (p->warn.count)
        why_add(why, &(struct why_condition){.key = "warn",
                                             .wanted = times(why, p),
                                             .value = warned(why, p, &s, handled),
                                             .holds = handled || (why->matches && acts && s.acts <= why->now),
                                             .due = s.acts});
}
