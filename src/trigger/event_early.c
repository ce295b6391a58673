/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that come before the one that acts, where a policy waits: they ask `where`, or warn. */
#include "policy/definition/opening.h"
#include "trigger/event_parts.h"

/* ---- a run that only asks ---- */

/* What `where` says of the job that was given last, in a run that only asks it. */
static void counted(void *data, bool wanted, const char *error)
{
    struct event_batch *b = data;
    uint32_t slot = b->slots[b->at - 1];
    if (error) {
        event_wait_ends(b->t, slot);
        run_job_failed(b->run, b->key, (struct str){0}, error);
    } else if (!wanted) {
        b->feed.settled(b, b->key, JOB_DECLINED, (struct str){0}, NULL, NULL);
    } else if (job_on_run(&b->t->jobs[slot])) {
        event_wait_holds(b->t, slot);
        b->moved = true;
        event_settle(b->t, slot, JOB_SETTLED_DECLINED, (struct str){0}, NULL);
    }
}

/* ---- a run that warns ---- */

/* What is to be said of the job. */
static bool warning(void *data, const char *key, struct run_warning *out)
{
    struct event_batch *b = data;
    const struct policy *p = b->t->entry.policy;
    uint32_t slot;
    if (!event_batch_find(b->t, key, &slot) || !b->t->waits[slot].tells)
        return false;
    const struct job_wait *w = &b->t->waits[slot].telling;
    int64_t opening = policy_has_opening(p) ? policy_opening(p, w->acts_us) : w->acts_us;
    *out = (struct run_warning){.number = w->warned, .of = p->warn.count, .acts_at = opening};
    zone_format(p->zone, opening == INT64_MAX ? w->acts_us / CLOCK_SECOND : opening / CLOCK_SECOND, out->when);
    return true;
}

/* One of the means has worked. */
static void warned(void *data, const char *key)
{
    struct event_batch *b = data;
    uint32_t slot;
    if (event_batch_find(b->t, key, &slot))
        b->t->waits[slot].told = true;
}

/* The job waits for the next warning, or for the policy to act; or for another try. */
void event_warned(struct event_batch *b, const char *key, uint32_t slot, enum job_end end, const struct error *err)
{
    struct event_trigger *t = b->t;
    bool told = event_wait_told(t, slot, end == JOB_DONE || end == JOB_UNCHANGED);
    b->moved = b->moved || told;
    b->unreachable = b->unreachable || (err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT));
    if (!told)
        log_event(t->site->log, LOG_ERROR,
                  "the owner of a job could not be warned, and the policy does not act before; trying again",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site), {"job", key},
                             {"reason", err ? err->message : NULL}));
    event_settle(t, slot, told ? JOB_SETTLED_DECLINED : JOB_SETTLED_RETRY, (struct str){0}, NULL);
}

/* Of a job that looks otherwise than its owner was told, the owner is told again first. */
static bool may_act(void *data, const struct mpijob_view *fresh)
{
    struct event_batch *b = data;
    uint32_t slot;
    if (!cache_find(b->t->held->cache, fresh->name_space, fresh->name, &slot) || slot >= b->t->slots)
        return false;
    const struct job_wait *w = &b->t->waits[slot].kept;
    return !w->warned || w->look == wait_look(fresh);
}

void event_early(struct event_batch *b)
{
    b->feed.again = b->stage == STAGE_ACTS && b->t->waits ? may_act : NULL;
    b->feed.counted = b->stage == STAGE_ASKS ? counted : NULL;
    b->feed.warning = b->stage == STAGE_WARNS ? warning : NULL;
    b->feed.warned = warned;
}
