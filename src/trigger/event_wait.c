/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that does not act at once: the whole match has to hold for holds_for, and its warnings come first. What has
 * come of that is kept for each job, and in its row. Any look at which the match does not hold ends it.
 *
 * Without `where` each look knows. So as long as nothing is to be done, what is found of the match is "later", with the
 * instant of the next thing (waits.h). With `where` a run has to ask: a job that comes to match is queued, and a run
 * that does nothing else asks for it at once; then the job is where one is for which `where` has said no, and is asked
 * about again when it changes, at the times of `recheck`, and at that instant by the run that warns or acts. */
#include "policy/definition/opening.h"
#include "trigger/event_parts.h"

static bool asks(const struct event_trigger *t)
{
    return policy_asks_where(t->entry.policy);
}

/* It has acted, or was let pass, and the job has not come to match again since. */
static bool is_over(const struct job_state *j, enum job_found found)
{
    enum handling is = job_handling(j, ON_MATCH);
    return found == FOUND_WANTED && (is == HANDLING_DONE || is == HANDLING_PASSED);
}

/* When the next thing may be done, the window and what else holds the policy up considered. */
static int64_t next_at(const struct event_trigger *t, uint32_t slot, bool *acts)
{
    const struct policy *p = t->entry.policy;
    int64_t at = wait_next(p, &t->waits[slot].kept, acts), now_us = clock_now(t->site->clock);
    at = at > now_us ? at : now_us;
    at = at > t->hold_until_us ? at : t->hold_until_us;
    bool closed = policy_has_opening(p) && (*acts || policy_frozen(p, at));
    return closed ? policy_opening(p, at) : at;
}

/* The wait of a job that matches, and on which the policy has not acted yet. */
static void check(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, int64_t at_us, int64_t fired_us,
                  bool again)
{
    struct job_wait *w = &t->waits[slot].kept;
    int64_t now_us = clock_now(t->site->clock);
    if (again)
        *w = (struct job_wait){0};
    wait_check(w, v, at_us);
    if (!w->holds_us && !asks(t))
        w->holds_us = fired_us != MPIJOB_NO_TIME ? fired_us : now_us;
    if (w->holds_us > now_us) /* the clock was put back */
        w->holds_us = now_us;
}

bool event_wait_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, int64_t at_us,
                     int64_t fired_us, enum job_found *found, int64_t *due_us)
{
    const struct job_state *j = &t->jobs[slot];
    enum handling is = job_handling(j, ON_MATCH);
    if (!t->waits)
        return false;
    struct job_wait *w = &t->waits[slot].kept, before = *w;
    bool matches = *found == FOUND_WANTED || *found == FOUND_AGAIN;
    if (!matches || w->holds_us == WAIT_FORGOTTEN)
        *w = (struct job_wait){0};
    if (matches && !is_over(j, *found)) {
        bool acts;
        check(t, slot, v, at_us, fired_us, *found == FOUND_AGAIN && (is == HANDLING_DONE || is == HANDLING_PASSED));
        int64_t at = asks(t) ? 0 : next_at(t, slot, &acts);
        if (at > clock_now(t->site->clock)) {
            *found = FOUND_LATER;
            *due_us = at;
        }
    }
    return before.holds_us != w->holds_us || before.warned != w->warned;
}

bool event_may_begin(const struct event_trigger *t)
{
    return t->waits || (!t->hold_until_us && policy_open(t->entry.policy, clock_now(t->site->clock)));
}

enum event_stage event_wait_stage(const struct event_trigger *t, uint32_t slot)
{
    bool acts;
    if (!t->waits)
        return STAGE_ACTS;
    if (t->waits[slot].kept.holds_us > 0 && next_at(t, slot, &acts) <= clock_now(t->site->clock))
        return acts ? STAGE_ACTS : STAGE_WARNS;
    return asks(t) ? STAGE_ASKS : STAGE_LATER;
}

/* ---- where `where` is asked ---- */

void event_wait_holds(struct event_trigger *t, uint32_t slot)
{
    struct job_wait *w = &t->waits[slot].kept;
    if (t->jobs[slot].place != PLACE_LEFT && w->holds_us <= 0)
        *w = (struct job_wait){.holds_us = clock_now(t->site->clock)};
}

void event_wait_ends(struct event_trigger *t, uint32_t slot)
{
    if (t->waits)
        t->waits[slot] = (struct event_wait){0};
}

void event_wait_forget_all(struct event_trigger *t)
{
    for (uint32_t slot = 0; t->waits && slot < t->slots; slot++) {
        if (t->waits[slot].kept.holds_us)
            t->waits[slot].kept = (struct job_wait){.holds_us = WAIT_FORGOTTEN};
    }
}

void event_wait_step(struct event_trigger *t, uint32_t slot)
{
    const struct job_state *j = &t->jobs[slot];
    bool acts;
    if (!t->waits || t->stopped)
        return;
    bool waits = asks(t) && j->place == PLACE_DECLINED && t->waits[slot].kept.holds_us > 0 &&
                 job_handling(j, ON_MATCH) == HANDLING_PENDING;
    int64_t at = waits ? next_at(t, slot, &acts) : INT64_MAX;
    if (at == INT64_MAX)
        due_remove(&t->ripe, slot);
    else if (due_set(&t->ripe, slot, at))
        log_event(t->site->log, LOG_ERROR, "out of memory: a job's instant may be missed",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
    event_arm(t);
}

/* ---- a run that warns ---- */

void event_wait_tell(struct event_trigger *t, uint32_t slot, uint64_t look)
{
    struct event_wait *w = &t->waits[slot];
    w->telling = w->kept;
    w->telling.acts_us = wait_acts_after(t->entry.policy, &w->kept, clock_now(t->site->clock));
    w->telling.warned++;
    w->telling.look = look;
    w->tells = true;
    w->told = false;
}

bool event_wait_told(struct event_trigger *t, uint32_t slot, bool told)
{
    struct event_wait *w = &t->waits[slot];
    told = told || w->told;
    if (told && w->tells) /* else the job has left the match meanwhile */
        w->kept = w->telling;
    w->tells = false;
    return told;
}

void event_wait_value(const struct event_trigger *t, uint32_t slot, struct buf *out)
{
    const struct event_wait *w = t->waits ? &t->waits[slot] : NULL;
    struct job_wait kept = !w ? (struct job_wait){0} : w->tells ? w->telling : w->kept;
    if (t->site->dry_run || t->entry.policy->dry_run) /* nobody was warned */
        kept.warned = 0;
    wait_write(&kept, out);
}

struct event_waiting event_trigger_waiting(const struct event_trigger *t)
{
    struct event_waiting all = {0};
    for (uint32_t slot = 0; t->waits && slot < t->slots; slot++) {
        const struct job_state *j = &t->jobs[slot];
        const struct job_wait *w = &t->waits[slot].kept;
        enum handling is = job_handling(j, ON_MATCH);
        if (w->holds_us <= 0 || is == HANDLING_DONE || is == HANDLING_PASSED)
            continue;
        all.jobs++;
        all.warned += w->warned > 0;
        all.unwarned += j->place == PLACE_WAITING && w->warned < t->entry.policy->warn.count;
    }
    return all;
}
