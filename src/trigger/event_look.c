#include "trigger/event_parts.h"

bool event_forget_event(struct event_job *j, unsigned event)
{
    bool was = j->done & event;
    j->done &= (uint8_t)~event;
    j->pending &= (uint8_t)~event;
    j->passing &= (uint8_t)~event;
    return was;
}

/* The event has come: to be handled if the job matches, else let pass. True: it was let pass, which is worth a row. */
static bool event_came(const struct event_trigger *t, struct event_job *j, unsigned event, bool matches,
                       enum event_look how)
{
    j->done |= (uint8_t)event;
    if (!matches || (how == LOOK_FIRST && !(t->baseline & event)))
        return true;
    j->pending |= (uint8_t)event;
    return false;
}

static bool look_added(const struct event_trigger *t, struct event_job *j, bool matches, enum event_look how)
{
    if (!(j->done & ON_ADDED))
        return event_came(t, j, ON_ADDED, matches, how);
    bool passes = (j->pending & ON_ADDED) && !matches;
    j->pending &= (uint8_t) ~(passes ? ON_ADDED : 0U);
    return passes;
}

static bool look_finished(const struct event_trigger *t, struct event_job *j, const struct mpijob_view *v, bool matches,
                          enum event_look how)
{
    if (!mpijob_phase_finished(v->phase))
        return event_forget_event(j, ON_FINISHED);
    if (!(j->done & ON_FINISHED))
        return event_came(t, j, ON_FINISHED, matches, how);
    bool passes = (j->pending & ON_FINISHED) && !matches;
    j->pending &= (uint8_t) ~(passes ? ON_FINISHED : 0U);
    return passes;
}

/* Our own write, told late, is no change; neither is what was before it. */
static bool look_changed(const struct event_trigger *t, struct event_job *j, uint64_t *handled,
                         const struct mpijob_view *v, bool matches, enum event_look how)
{
    uint64_t version = kube_version(v->resource_version);
    bool first = how == LOOK_ADDED || (how == LOOK_FIRST && (!*handled || !(t->baseline & ON_CHANGED)));
    j->done |= ON_CHANGED;
    if (!first && !kube_version_is_news(version, *handled))
        return false;
    if (!first && matches) {
        j->pending |= ON_CHANGED;
        return false;
    }
    j->pending &= (uint8_t)~ON_CHANGED;
    *handled = version;
    return true;
}

/* at: from when the job matches. Its due time is kept up, too. */
static bool look_match(struct event_trigger *t, uint32_t slot, int64_t at, int64_t now, int64_t fired)
{
    struct event_job *j = &t->jobs[slot];
    if (at == INT64_MAX) {
        due_remove(&t->due, slot);
        return event_forget_event(j, ON_MATCH);
    }
    int64_t *since = t->since ? &t->since[slot] : NULL;
    if (at > now) { /* only time is missing */
        bool stepped_back = since && (j->done & ON_MATCH) && !(j->pending & ON_MATCH) && *since == at;
        if (stepped_back) /* it was handled when the clock said that it was time */
            return false;
        if (due_set(&t->due, slot, at))
            log_event(t->site->log, LOG_ERROR, "out of memory: a job's instant may be missed",
                      LOG_FIELDS({"policy", t->entry.policy->name}));
        return event_forget_event(j, ON_MATCH);
    }
    due_remove(&t->due, slot);
    bool anew = since && (j->done & ON_MATCH) && at != MPIJOB_NO_TIME && *since != MPIJOB_NO_TIME && at != *since;
    if ((j->done & ON_MATCH) && !anew)
        return false;
    if (since)
        *since = at > fired ? at : fired;
    event_forget_event(j, ON_MATCH);
    j->done |= ON_MATCH;
    j->pending |= ON_MATCH;
    return false; /* written when it is handled */
}

static void leave(struct event_trigger *t, uint32_t slot)
{
    struct event_job *j = &t->jobs[slot];
    t->depth -= j->state == ON_QUEUED;
    if (j->state == ON_WAITING)
        due_remove(&t->retry, slot);
    j->state = ON_IDLE;
    j->tries = 0;
}

/* From what is pending to where the job stands. */
static void settle_state(struct event_trigger *t, uint32_t slot, bool fresh, enum event_look how, int64_t came)
{
    struct event_job *j = &t->jobs[slot];
    if (!j->pending) {
        if (j->state != ON_IDLE)
            leave(t, slot);
        return;
    }
    if (j->state == ON_IDLE || (j->state == ON_DECLINED && (fresh || how == LOOK_CHANGED)))
        event_enqueue(t, slot, came);
}

void event_look(struct event_trigger *t, uint32_t slot, const struct mpijob_view *v, enum event_look how, int64_t fired)
{
    struct event_job *j = &t->jobs[slot];
    const struct policy *p = t->entry.policy;
    if (j->state == ON_RUNNING) { /* when the run has said what became of it */
        bool left = v->deleting || mpijob_match_since(p->match, v, clock_now(t->site->clock)) == INT64_MAX;
        j->flags |= (uint8_t)(left ? ON_AGAIN | ON_LEFT : ON_AGAIN);
        return;
    }
    if (!mpijob_match_name_fits(p->match, v))
        return;
    int64_t now = clock_now(t->site->clock);
    int64_t at = v->deleting ? INT64_MAX : mpijob_match_since(p->match, v, now);
    bool matches = at <= now && at != INT64_MAX, write = false;
    uint8_t before = j->pending;
    if (p->on & ON_ADDED)
        write = look_added(t, j, matches, how);
    if (p->on & ON_FINISHED)
        write = look_finished(t, j, v, matches, how) || write;
    if (p->on & ON_CHANGED)
        write = look_changed(t, j, &t->version[slot], v, matches, how) || write;
    if (p->on & ON_MATCH)
        write = look_match(t, slot, at, now, fired) || write;
    uint8_t fresh = j->pending & (uint8_t)~before;
    j->passing &= (uint8_t) ~(fresh | (uint8_t)~j->done);
    if (write)
        event_row_write(t, slot, v->uid);
    settle_state(t, slot, fresh, how, fired != MPIJOB_NO_TIME ? fired : now);
}

void event_look_cached(struct event_trigger *t, uint32_t slot, enum event_look how, int64_t fired)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    if (cache_holds(t->held->cache, slot) && cache_view(t->held->cache, slot, &bytes, &view, NULL) == 0) {
        if (!(t->jobs[slot].flags & ON_SEEN))
            event_rows_adopt(t, slot, &view);
        event_look(t, slot, &view, how, fired);
    }
    buf_free(&bytes);
}

void event_gone(struct event_trigger *t, uint32_t slot, const struct mpijob_view *before)
{
    struct event_job *j = &t->jobs[slot];
    if ((j->flags & ON_ROW) && before)
        event_row_remove(t, before->uid);
    leave(t, slot);
    due_remove(&t->due, slot);
    *j = (struct event_job){0};
    if (t->version)
        t->version[slot] = 0;
}

void event_unpass(struct event_trigger *t, uint32_t slot)
{
    struct event_job *j = &t->jobs[slot];
    if (j->passing & ON_CHANGED)
        t->version[slot] = 0;
    j->done &= (uint8_t)~j->passing;
    j->passing = 0;
    j->flags &= (uint8_t)~ON_DRY;
    if (j->state == ON_WAITING || j->state == ON_DECLINED)
        leave(t, slot);
}
