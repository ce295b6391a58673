/* SPDX-License-Identifier: Apache-2.0 */
/* From a job as it is to what is found of each kind of event, and to the job's next step. */
#include "guard/who.h"
#include "trigger/event_parts.h"

/* ---- what is found ---- */

static enum job_found find_come(unsigned baseline, unsigned kind, bool matches, enum event_look how)
{
    if (how == EVENT_FIRST && !(baseline & kind))
        return FOUND_EARLIER;
    return matches ? FOUND_WANTED : FOUND_UNWANTED;
}

static enum job_found find_finished(unsigned baseline, const struct mpijob_view *v, bool matches, enum event_look how)
{
    return mpijob_phase_finished(v->phase) ? find_come(baseline, ON_FINISHED, matches, how) : FOUND_NOT;
}

static enum job_found find_changed(unsigned baseline, uint64_t version, uint64_t handled, bool matches,
                                   enum event_look how, bool *begins_here)
{
    bool begins = how == EVENT_ADDED || (how == EVENT_FIRST && (!handled || !(baseline & ON_CHANGED)));
    *begins_here = begins;
    if (!begins && !kube_version_is_news(version, handled)) /* its own write, told late, or what was before it */
        return FOUND_SAME;
    return matches && !begins ? FOUND_AGAIN : FOUND_AGAIN_UNWANTED;
}

/* at_us: from when the job matches, INT64_MAX: it does not. since_us: from when it did the last time; NULL: time does
 * not count. */
static enum job_found find_match(int64_t at_us, int64_t now_us, const int64_t *since_us)
{
    if (at_us == INT64_MAX)
        return FOUND_NOT;
    if (at_us > now_us)
        return since_us && *since_us == at_us ? FOUND_LATER_SAME : FOUND_LATER;
    bool other = since_us && at_us != MPIJOB_NO_TIME && *since_us != MPIJOB_NO_TIME && at_us != *since_us;
    return other ? FOUND_AGAIN : FOUND_WANTED;
}

/* ---- a look ---- */

/* From when it matches; INT64_MAX: it does not. */
static int64_t matches_since(const struct event_trigger *t, const struct mpijob_view *v, int64_t now_us)
{
    int64_t at_us = mpijob_match_since(t->entry.policy->match, v, now_us);
    return at_us != INT64_MAX && event_kueue_rules_out(t, v) ? INT64_MAX : at_us;
}

static unsigned baseline_of(struct event_trigger *t, uint32_t slot)
{
    const struct event_scope *scope = event_scope(t, slot);
    return scope ? scope->baseline : ON_MATCH;
}

/* Has it come since the policy's first start? Asked before job_find. */
static void note_start(struct job_state *j, unsigned kind, enum job_found found)
{
    bool is_new = job_handling(j, kind) == HANDLING_NONE;
    if (is_new && (found == FOUND_WANTED || found == FOUND_UNWANTED))
        j->flags |= job_since_start(kind);
    else if (found == FOUND_NOT || (is_new && found == FOUND_EARLIER))
        j->flags &= (uint8_t)~job_since_start(kind);
}

static bool find_kind(struct job_state *j, unsigned kind, enum job_found found)
{
    note_start(j, kind, found);
    return job_find(j, kind, found);
}

static bool look_changed(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, bool matches,
                         enum event_look how)
{
    uint64_t version = kube_version(v->resource_version);
    bool begins;
    enum job_found found = find_changed(baseline_of(t, slot), version, t->version[slot], matches, how, &begins);
    if (found == FOUND_AGAIN_UNWANTED)
        t->version[slot] = version;
    if (begins)
        t->jobs[slot].flags &= (uint8_t)~job_since_start(ON_CHANGED);
    else if (found != FOUND_SAME)
        t->jobs[slot].flags |= job_since_start(ON_CHANGED);
    return job_find(&t->jobs[slot], ON_CHANGED, found);
}

/* Keeps up the instant from which the job matches, and the one at which it will, too. */
static bool look_match(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, int64_t at_us,
                       int64_t now_us, int64_t fired_us)
{
    struct job_state *j = &t->jobs[slot];
    int64_t *since_us = t->since_us ? &t->since_us[slot] : NULL;
    enum job_found found = find_match(at_us, now_us, since_us);
    enum handling was = job_handling(j, ON_MATCH);
    int64_t due_us = at_us;
    bool write = event_wait_look(t, slot, v, at_us, fired_us, &found, &due_us);
    bool later = found == FOUND_LATER || found == FOUND_LATER_SAME;
    write = job_find(j, ON_MATCH, found) || write;
    if (!later || job_handling(j, ON_MATCH) != HANDLING_NONE)
        due_remove(&t->due, slot);
    else if (due_set(&t->due, slot, due_us))
        log_event(t->site->log, LOG_ERROR, "out of memory: a job's instant may be missed",
                  LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
    if (since_us && (found == FOUND_AGAIN || (found == FOUND_WANTED && was == HANDLING_NONE)))
        *since_us = t->waits || at_us > fired_us ? at_us : fired_us;
    if (since_us && *since_us == MPIJOB_NO_TIME && at_us != MPIJOB_NO_TIME && found == FOUND_WANTED &&
        was == HANDLING_DONE) { /* handled under another text, by which it matched from another instant on */
        *since_us = at_us;
        return true;
    }
    return write;
}

static void look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, enum event_look how,
                 int64_t fired_us)
{
    struct job_state *j = &t->jobs[slot];
    const struct policy *p = t->entry.policy;
    int64_t now_us = clock_now(t->site->clock);
    if (job_on_run(j)) { /* looked at when the run has told what became of it */
        bool left = matches_since(t, v, now_us) == INT64_MAX;
        if (left)
            event_wait_ends(t, slot);
        event_step(t, slot, left ? JOB_SEEN_LEAVING : JOB_SEEN_MATCHING, INT64_MAX);
        return;
    }
    if (!mpijob_match_name_fits(p->match, v))
        return;
    int64_t at_us = matches_since(t, v, now_us);
    unsigned before = job_kinds(j, HANDLING_PENDING);
    bool matches = at_us <= now_us, write = false;
    if (p->on & ON_ADDED)
        write = find_kind(j, ON_ADDED, find_come(baseline_of(t, slot), ON_ADDED, matches, how));
    if (p->on & ON_FINISHED)
        write = find_kind(j, ON_FINISHED, find_finished(baseline_of(t, slot), v, matches, how)) || write;
    if (p->on & ON_CHANGED)
        write = look_changed(t, slot, v, matches, how) || write;
    if (p->on & ON_MATCH)
        write = look_match(t, slot, v, at_us, now_us, fired_us) || write;
    if (write)
        event_row_write(t, slot, v->uid);
    bool news = how == EVENT_CHANGED || (job_kinds(j, HANDLING_PENDING) & ~before);
    event_step(t, slot, news ? JOB_NEWS : JOB_LOOKED_AT, fired_us != MPIJOB_NO_TIME ? fired_us : now_us);
    if (how == EVENT_FIRST && t->resumed_us && j->place == PLACE_QUEUED)
        j->flags |= JOB_IS_RESUMED;
}

void event_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, enum event_look how,
                int64_t fired_us)
{
    /* Its conditions are asked here, without a run. */
    const struct guard_who who = policy_who(t->entry.file, t->entry.policy);
    const struct guard_who *before = guard_enter(&who);
    look(t, slot, v, how, fired_us);
    guard_enter(before);
}

void event_look_cached(struct event_trigger *t, uint32_t slot, enum event_look how, int64_t fired_us)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    if (cache_holds(t->held->cache, slot) && cache_view(t->held->cache, slot, &bytes, &view, NULL) == 0) {
        if (!(t->jobs[slot].flags & JOB_IS_SEEN))
            event_rows_adopt(t, slot, &view);
        event_look(t, slot, &view, how, fired_us);
    }
    buf_free(&bytes);
}

/* ---- the end of it ---- */

void event_gone(struct event_trigger *t, uint32_t slot, const struct mpijob_view *before)
{
    struct job_step step = event_step(t, slot, JOB_GONE, INT64_MAX);
    if (step.row == ROW_REMOVED && before)
        event_row_remove(t, before->uid);
    due_remove(&t->due, slot);
    event_wait_ends(t, slot);
    if (t->version)
        t->version[slot] = 0;
}

void event_unpass(struct event_trigger *t, uint32_t slot)
{
    if (job_on_run(&t->jobs[slot]))
        return;
    if (job_handling(&t->jobs[slot], ON_CHANGED) == HANDLING_PASSED)
        t->version[slot] = 0;
    event_step(t, slot, JOB_RELOADED, INT64_MAX);
}
