/* SPDX-License-Identifier: Apache-2.0 */
/* From what was gathered to the verdict, and its sentence. */
#include <string.h>

#include "policy/definition/opening.h"
#include "trigger/instants.h"
#include "why/why_parts.h"

/* ---- does it match, and when will it? ---- */

static void match(struct why *why)
{
    why->matches = true;
    why->matches_at = why->now;
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        if (c->holds)
            continue;
        why->matches = false;
        why->matches_at = c->due > why->matches_at ? c->due : why->matches_at;
    }
}

/* When the policy looks at the job next: for events at the very instant, for schedules and periods at the first run
 * from then on. */
static int64_t next_look(const struct why *why, const struct policy *policy)
{
    int64_t from = why->matches_at, next;
    if (policy->on && from != WHY_NEVER) {
        int64_t opening = policy_opening(policy, from);
        return opening == INT64_MAX ? WHY_NEVER : why->matches && opening == from ? WHY_NOW : opening;
    }
    if (policy->on)
        return WHY_NEVER;
    if (from == WHY_NEVER || from <= why->now)
        from = why->now + 1;
    return policy_next_due(policy, from - 1, &next, NULL) == 0 ? next : WHY_NEVER;
}

/* ---- the sentence ---- */

/* A function has failed, and nothing else keeps the job out: where something does, the policy never asks it. */
static bool function_failed(const struct why *why)
{
    bool failed = false;
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        if (!c->holds && !c->failed)
            return false;
        failed = failed || c->failed;
    }
    return failed;
}

static void add_unless(const struct why *why, struct buf *out)
{
    const char *between = ", unless ";
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        if (!c->holds || !c->unless)
            continue;
        buf_printf(out, "%s%s", between, c->unless);
        between = " or ";
    }
    if (*between == ',')
        buf_puts(out, ", unless it changes until then");
}

/* ", and its next run after that, at T (in 3h), finds it" */
static void add_next(const struct why *why, struct buf *out)
{
    char wait[32], at[40];
    if (why->by_event && !why->matches && why->next != why->matches_at && why->next != WHY_NEVER)
        buf_printf(out, "; the policy is closed then, and opens at %s (in %s)", why_instant(why, why->next, at),
                   why_wait(why, why->next, wait));
    if (why->by_event)
        return;
    if (why->next == WHY_NEVER)
        buf_puts(out, "; the policy has no further run");
    else
        buf_printf(out, "; the policy's %s is at %s (in %s)",
                   why->matches || why->matches_at == WHY_NEVER ? "next run" : "first run from then on",
                   why_instant(why, why->next, at), why_wait(why, why->next, wait));
}

/* "phase is Running (wanted: Succeeded), labels ..." */
static void add_failing(const struct why *why, struct buf *out)
{
    const char *between = ": ";
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        if (c->holds)
            continue;
        if (c->failed)
            buf_printf(out, "%s%s has failed", between, c->key);
        else if (strcmp(c->key, "where") == 0)
            buf_printf(out, "%swhere says no (%s)", between, c->wanted);
        else
            buf_printf(out, "%s%s", between, c->key);
        between = ", ";
    }
}

/* Of a policy with `on`, which asks `where` only at times. */
static void add_asked_again(const struct why *why, struct buf *out)
{
    bool declarative = true, asked = false;
    char period[32], at[40];
    for (size_t i = 0; i < why->condition_count; i++) {
        const struct why_condition *c = &why->conditions[i];
        asked = asked || (!c->holds && c->asked);
        declarative = declarative && (c->holds || c->asked);
    }
    if (!why->by_event || !asked || !declarative)
        return;
    buf_printf(out, "; it is asked again when the job%s changes", why->by_workload ? " or its Workload" : "");
    if (why->asked_again != WHY_NEVER)
        buf_printf(out, ", and at %s (recheck)", why_instant(why, why->asked_again, at));
    else if (why->recheck)
        buf_printf(out, ", and every %s (recheck)", why_wait(why, why->now + why->recheck, period));
}

static void no_match(const struct why *why, struct buf *out)
{
    buf_puts(out, "does not match");
    add_failing(why, out);
    add_asked_again(why, out);
}

/* The first that still holds when the job matches; NULL: none does. */
static const struct why_hold *hold_then(const struct why *why)
{
    for (size_t i = 0; i < why->hold_count; i++) {
        if (why->holds[i].until == WHY_NEVER || why->holds[i].until > why->matches_at)
            return &why->holds[i];
    }
    return NULL;
}

static void later(const struct why *why, struct buf *out)
{
    const struct why_hold *hold = hold_then(why);
    char wait[32], at[40];
    buf_printf(out, "matches in %s, at %s", why_wait(why, why->matches_at, wait),
               why_instant(why, why->matches_at, at));
    add_unless(why, out);
    add_next(why, out);
    if (hold)
        buf_printf(out, "; but it is held back: %s", hold->message);
}

static void acts(const struct why *why, struct buf *out)
{
    buf_puts(out, "matches, and is to be changed");
    if (why->standing)
        buf_printf(out, ": %s", why->standing);
    else if (why->by_event)
        buf_puts(out, " as soon as the daemon sees it");
    add_next(why, out);
}

struct str why_unchanged(const struct why *why)
{
    static const char end[] = "; nothing was sent", it_has[] = "it has these values already";
    struct str told = str_of(why->effect_why ? why->effect_why : it_has);
    if (str_ends(told, end))
        told.len -= strlen(end);
    return told;
}

static void nothing(const struct why *why, struct buf *out)
{
    struct str told = why_unchanged(why);
    if (str_starts(told, "it "))
        told = str_n(told.ptr + 3, told.len - 3);
    if (why->change == WHY_LEFT)
        buf_puts(out, "matches, and the policy's function leaves it alone");
    else
        buf_printf(out, "matches, and %.*s", (int)told.len, told.ptr);
}

static void fails(const struct why *why, struct buf *out)
{
    if (why->change == WHY_CHANGE_FAILS)
        buf_printf(out, "matches, but cannot be changed: %s", why->change_error ? why->change_error : "out of memory");
    else
        buf_puts(out, "matches, but its change could not be worked out");
}

static void conclude(struct why *why, struct buf *out)
{
    if (!why->matches && why->matches_at != WHY_NEVER) {
        why->verdict = WHY_LATER;
        later(why, out);
    } else if (!why->matches) {
        why->verdict = function_failed(why) ? WHY_FAILS : WHY_NO_MATCH;
        no_match(why, out);
    } else if (why->change == WHY_UNCHANGED || why->change == WHY_LEFT) {
        why->verdict = WHY_NOTHING;
        nothing(why, out);
    } else if (why->hold_count) {
        why->verdict = WHY_HELD;
        buf_printf(out, "matches, but is held back: %s", why->holds[0].message);
    } else if (why->change == WHY_CHANGES) {
        why->verdict = WHY_ACTS;
        acts(why, out);
    } else if (why->change == WHY_CHANGE_UNKNOWN && !why->change_error) {
        why->verdict = WHY_RUN;
        buf_puts(out, "matches; what the policy's run function does with it, a run tells (mpijobd plan)");
        add_next(why, out);
    } else {
        why->verdict = WHY_FAILS;
        fails(why, out);
    }
}

void why_conclude(struct why *why, const struct policy *policy, const struct event_handled *handled,
                  const struct mpijob_view *view)
{
    struct buf out = BUF_INIT;
    match(why);
    why_waits(why, policy, handled, view);
    match(why);
    why->next = next_look(why, policy);
    conclude(why, &out);
    why->sentence = why_take(why, &out);
}
