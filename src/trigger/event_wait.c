/* SPDX-License-Identifier: Apache-2.0 */
/* A policy with `holds_for` acts on a job when the whole match has held for so long. Since when it does is kept for
 * each job, and in its row. Any look at which it does not hold ends that.
 *
 * Without `where` each look knows. So until then what is found of the match is "later", with the instant at which it
 * will have held. With `where` a run has to ask: a job that comes to match is queued, and a run that does nothing else
 * asks for it at once; then the job is where one is for which `where` has said no, and is asked about again when it
 * changes, at the times of `recheck`, and at that instant by the run that acts. */
#include <inttypes.h>

#include "policy/opening.h"
#include "trigger/event_parts.h"

static bool asks(const struct policy *p)
{
    return policy_waits(p) && policy_asks_where(p);
}

bool event_wait_asks(const struct event_trigger *t)
{
    return t->holds_us && asks(t->entry.policy);
}

static int64_t held_at(const struct event_trigger *t, uint32_t slot)
{
    int64_t at;
    return __builtin_add_overflow(t->holds_us[slot], t->entry.policy->holds_for, &at) ? INT64_MAX : at;
}

/* It has acted, or was let pass, and the job has not come to match again since. */
static bool is_over(const struct job_state *j, enum job_found found)
{
    enum handling is = job_handling(j, ON_MATCH);
    return found == FOUND_WANTED && (is == HANDLING_DONE || is == HANDLING_PASSED);
}

bool event_wait_look(struct event_trigger *t, uint32_t slot, int64_t at_us, int64_t fired_us, enum job_found *found,
                     int64_t *due_us)
{
    const struct job_state *j = &t->jobs[slot];
    int64_t now_us = clock_now(t->site->clock);
    if (!t->holds_us)
        return false;
    int64_t before = t->holds_us[slot], since = before == EVENT_HOLDS_FORGOTTEN ? 0 : before;
    if (*found != FOUND_WANTED && *found != FOUND_AGAIN) {
        since = 0;
    } else if (!is_over(j, *found)) {
        enum handling is = job_handling(j, ON_MATCH);
        bool again = *found == FOUND_AGAIN && (is == HANDLING_DONE || is == HANDLING_PASSED);
        if (again || (at_us != MPIJOB_NO_TIME && at_us > since)) /* by its times it has not matched all the while */
            since = 0;
        if (!since && !event_wait_asks(t))
            since = fired_us != MPIJOB_NO_TIME ? fired_us : now_us;
        if (since > now_us) /* the clock was put back */
            since = now_us;
    }
    t->holds_us[slot] = since;
    if (since && !event_wait_asks(t) && !is_over(j, *found) && held_at(t, slot) > now_us) {
        *found = FOUND_LATER;
        *due_us = held_at(t, slot);
    }
    return since != before;
}

/* ---- where `where` is asked ---- */

static bool may_act(const struct event_trigger *t)
{
    return !t->hold_until_us && policy_open(t->entry.policy, clock_now(t->site->clock));
}

bool event_may_begin(const struct event_trigger *t)
{
    return event_wait_asks(t) || may_act(t);
}

bool event_wait_is_ripe(const struct event_trigger *t, uint32_t slot)
{
    return t->holds_us[slot] > 0 && held_at(t, slot) <= clock_now(t->site->clock) && may_act(t);
}

void event_wait_holds(struct event_trigger *t, uint32_t slot)
{
    if (t->jobs[slot].place != PLACE_LEFT && t->holds_us[slot] <= 0)
        t->holds_us[slot] = clock_now(t->site->clock);
}

void event_wait_ends(struct event_trigger *t, uint32_t slot)
{
    if (t->holds_us)
        t->holds_us[slot] = 0;
}

void event_wait_forget_all(struct event_trigger *t)
{
    for (uint32_t slot = 0; t->holds_us && slot < t->slots; slot++) {
        if (t->holds_us[slot])
            t->holds_us[slot] = EVENT_HOLDS_FORGOTTEN;
    }
}

/* When the job is to be acted on, if `where` goes on saying yes: not before the policy may act. */
static int64_t ripe_at(const struct event_trigger *t, uint32_t slot)
{
    int64_t at = held_at(t, slot), now_us = clock_now(t->site->clock);
    if (at > now_us)
        return at;
    return policy_opening(t->entry.policy, t->hold_until_us > now_us ? t->hold_until_us : now_us);
}

void event_wait_step(struct event_trigger *t, uint32_t slot)
{
    const struct job_state *j = &t->jobs[slot];
    if (!t->holds_us || t->stopped)
        return;
    bool waits = event_wait_asks(t) && j->place == PLACE_DECLINED && t->holds_us[slot] > 0 &&
                 job_handling(j, ON_MATCH) == HANDLING_PENDING;
    int64_t at = waits ? ripe_at(t, slot) : INT64_MAX;
    if (at == INT64_MAX)
        due_remove(&t->ripe, slot);
    else if (due_set(&t->ripe, slot, at))
        log_event(t->site->log, LOG_ERROR, "out of memory: a job's instant may be missed",
                  LOG_FIELDS({"policy", t->entry.policy->name}));
    event_arm(t);
}

void event_wait_value(const struct event_trigger *t, uint32_t slot, struct buf *out)
{
    if (t->holds_us && t->holds_us[slot] > 0)
        buf_printf(out, "h%" PRId64, t->holds_us[slot]);
}
