/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a trigger for events: from reading what is handled to its turns. */
#include "trigger/event_trigger.h"

#include <stdlib.h>

#include "policy/definition/opening.h"
#include "policy/policy_text.h"
#include "trigger/event_parts.h"
#include "trigger/triggers.h"

void event_wake(struct event_trigger *t)
{
    if (t->turning || t->stopped) /* a stopped one has no turns, and may be gone before the next one */
        return;
    t->turning = true;
    defer_call(t->site->soon, &t->turn);
}

/* ---- what the cache tells ---- */

static void told_gone(struct event_trigger *t, const struct job_cache *held, const struct cache_event *event)
{
    bool row = t->jobs[event->slot].flags & JOB_HAS_ROW;
    event_gone(t, event->slot, row ? cache_before(held->cache, event) : NULL);
}

void event_trigger_event(struct event_trigger *t, const struct job_cache *held, const struct cache_event *event)
{
    if (held != t->held || t->stopped || !event_scope_begun(t, event->slot))
        return;
    if (event->change == CACHE_DELETED) {
        if (event->slot < t->slots)
            told_gone(t, held, event);
    } else if (event_has_room(t, event->slot)) {
        bool seen = t->jobs[event->slot].flags & JOB_IS_SEEN;
        enum event_look how = event->change == CACHE_ADDED ? EVENT_ADDED : seen ? EVENT_CHANGED : EVENT_FIRST;
        if (!seen)
            event_rows_adopt(t, event->slot, event->after);
        event_look(t, event->slot, event->after, how, MPIJOB_NO_TIME);
    }
    event_arm(t);
}

void event_trigger_synced(struct event_trigger *t, const struct job_cache *held)
{
    if (held == t->held)
        event_wake(t);
}

void event_trigger_let_go(struct event_trigger *t, uint32_t slot)
{
    if (slot < t->slots)
        event_unpass(t, slot);
}

/* ---- reading what is handled ---- */

static void read_rows(struct work *work)
{
    event_rows_read((struct event_trigger *)work);
}

static void rows_read(struct work *work)
{
    struct event_trigger *t = (struct event_trigger *)work;
    t->reading = false;
    if (t->unread && !t->stopped) {
        log_event(
            t->site->log, LOG_ERROR, "what the policy has handled cannot be read from the journal; trying again",
            LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site), {"reason", t->unread->message}));
        event_rows_free(t);
        event_pause(t, RETRY_FIRST_MS);
    } else if (!t->stopped) {
        t->read = true;
        event_wake(t);
    }
    event_release(t);
}

static void all_written(void *data, int64_t id, const struct error *err)
{
    struct event_trigger *t = data;
    (void)id;
    (void)err;
    t->writing = false;
    if (!t->stopped) {
        t->reading = true;
        work_start(t->site->loop, &t->work, read_rows, rows_read);
    }
    event_release(t);
}

/* Not while a run of this policy, begun before this trigger, may still write a row; event_trigger_go_on tells when it
 * has ended. */
static void begin_reading(struct event_trigger *t)
{
    if (runs_busy(t->runs, t->entry.policy->name))
        return;
    if (!t->site->state) {
        t->baseline = ON_MATCH;
        for (size_t i = 0; i < t->scope_count; i++)
            t->scopes[i].baseline = ON_MATCH;
        t->read = true;
        event_wake(t);
    } else {
        t->writing = true;
        state_sync(t->site->state, all_written, t);
    }
}

/* ---- its turn ---- */

static void begin_batch(struct event_trigger *t)
{
    if (event_may_begin(t))
        event_batch_start(t);
    else
        event_arm(t); /* what is queued waits for the opening, or until a ceiling is free */
}

static void my_turn(struct defer *d)
{
    struct event_trigger *t = d->data;
    t->turning = false;
    if (t->stopped || t->reading || t->writing || t->pause_until_ms)
        return;
    if (!t->read)
        begin_reading(t);
    else if (!event_text_settle(t))
        return;
    else if (t->scanning)
        event_scan(t);
    else if (event_scan_due(t))
        event_scan_begin(t, false);
    else if (t->scanned && t->depth && !t->batch && !t->site->stopping && event_siblings_let(t))
        begin_batch(t);
}

/* ---- life ---- */

static void later_closed(struct deadline *d)
{
    struct event_trigger *t = d->data;
    struct site *site = t->site;
    free(t->scopes);
    free(t);
    site_closed(site);
}

void event_release(struct event_trigger *t)
{
    if (!t->stopped || t->closing || t->batch || t->reading || t->writing)
        return;
    t->closing = true;
    if (t->listening)
        watches_unsubscribe(t->runs->watches, &t->leaving);
    watches_release(t->held);
    event_rows_free(t);
    error_keep(&t->unread, NULL);
    due_clear(&t->due);
    due_clear(&t->retry);
    due_clear(&t->recheck);
    due_clear(&t->ripe);
    free(t->jobs);
    free(t->since_us);
    free(t->waits);
    free(t->version);
    free(t->queue);
    policy_set_release(t->entry.file->set);
    deadline_close(&t->later, later_closed);
}

struct event_trigger *event_trigger_start(struct triggers *of, const struct policy_entry *entry, struct job_cache *held,
                                          int64_t resumed, struct event_trigger *next)
{
    struct event_trigger *t = calloc(1, sizeof *t);
    size_t scopes = cache_scopes(held->cache);
    if (t)
        t->scopes = calloc(scopes, sizeof *t->scopes);
    if (!t || !t->scopes) {
        free(t);
        return NULL;
    }
    for (size_t i = 0; i < scopes; i++)
        t->scopes[i].name_space = cache_scope(held->cache, i).name_space;
    t->scope_count = scopes;
    t->of = of;
    t->runs = of->runs;
    t->site = of->runs->site;
    t->entry = *entry;
    t->held = held;
    t->next = next;
    t->first_us = INT64_MAX;
    t->resumed_us = resumed;
    t->alarm.ring = event_rang;
    t->alarm.data = t;
    t->later_alarm = (struct alarm){.ring = event_later_alarm, .data = t};
    state_key(entry->policy->name, cluster_name(t->site->cluster), t->key);
    t->turn = (struct defer){.call = my_turn, .data = t};
    deadline_init(t->site->loop, &t->later, event_later, t);
    site_opened(t->site);
    policy_set_hold(entry->file->set);
    watches_hold(held);
    event_wake(t);
    return t;
}

bool event_trigger_keeps(struct event_trigger *t, const struct policy_entry *entry, const struct job_cache *held)
{
    if (held != t->held || entry->policy != t->entry.policy)
        return false;
    t->entry = *entry;
    return true;
}

bool event_trigger_reload(struct event_trigger *t, const struct policy_entry *entry, const struct job_cache *held)
{
    const struct policy *was = t->entry.policy, *is = entry->policy;
    if (held != t->held || was->on != is->on || (was->kinds.count > 1) != (is->kinds.count > 1) ||
        mpijob_match_timed(was->match) != mpijob_match_timed(is->match) || policy_waits(was) != policy_waits(is))
        return false;
    if (is->again && policy_text_differs(was->text, is->text))
        return false; /* what the run under way has is of the old text: the next trigger waits for it */
    bool dry = was->dry_run && is->dry_run;
    uint64_t text = was->text;
    if (was->recheck != is->recheck) /* all are asked about now, and again after the new span */
        due_clear(&t->recheck);
    policy_set_hold(entry->file->set);
    policy_set_release(t->entry.file->set); /* and `was` with it */
    t->entry = *entry;
    t->fails = 0;
    t->pause_until_ms = 0;
    t->hold_until_us = 0;
    event_text_reloaded(t, text);
    for (uint32_t slot = 0; slot < t->slots; slot++) {
        if (!dry || !(t->jobs[slot].flags & JOB_WAS_DRY)) /* another dry run would say the same */
            event_unpass(t, slot);
    }
    if (t->scanning || t->scanned)
        event_scan_begin(t, true);
    event_arm(t);
    event_wake(t);
    return true;
}

/* Of a stopped trigger only the jobs that its run has count any more. */
static void told_leaving(struct watch_subscriber *subscriber, struct job_cache *held, const struct cache_event *event)
{
    struct event_trigger *t = (struct event_trigger *)((char *)subscriber - offsetof(struct event_trigger, leaving));
    if (held != t->held || event->slot >= t->slots || !job_on_run(&t->jobs[event->slot]))
        return;
    if (event->change == CACHE_DELETED)
        told_gone(t, held, event);
    else
        event_look(t, event->slot, event->after, EVENT_CHANGED, MPIJOB_NO_TIME);
}

static void synced_leaving(struct watch_subscriber *subscriber, struct job_cache *held)
{
    (void)subscriber;
    (void)held;
}

void event_trigger_stop(struct event_trigger *t)
{
    t->stopped = true;
    alarm_stop(t->site->alarms, &t->alarm);
    defer_cancel(&t->turn);
    deadline_stop(&t->later);
    alarm_stop(t->site->alarms, &t->later_alarm);
    t->listening = t->batch != NULL;
    if (t->listening) {
        t->leaving = (struct watch_subscriber){.event = told_leaving, .synced = synced_leaving};
        watches_subscribe(t->runs->watches, &t->leaving);
    }
    event_release(t);
}

void event_trigger_go_on(struct event_trigger *t)
{
    event_wake(t);
}

struct event_trigger *event_trigger_next(const struct event_trigger *t)
{
    return t->next;
}

void event_trigger_set_next(struct event_trigger *t, struct event_trigger *next)
{
    t->next = next;
}

const char *event_trigger_policy(const struct event_trigger *t)
{
    return t->entry.policy->name;
}

const struct mpijob_kind *event_trigger_kind(const struct event_trigger *t)
{
    return t->held->kind;
}

size_t event_trigger_depth(const struct event_trigger *t)
{
    return t->depth;
}

int64_t event_trigger_due(const struct event_trigger *t)
{
    int64_t at = INT64_MAX, recheck, ripe, opening = event_opening(t);
    due_first(&t->due, NULL, &at);
    if (due_first(&t->recheck, NULL, &recheck) && recheck < at)
        at = recheck;
    if (due_first(&t->ripe, NULL, &ripe) && ripe < at)
        at = ripe;
    if (t->hold_until_us && t->hold_until_us < at)
        at = t->hold_until_us;
    return opening < at ? opening : at;
}

bool event_trigger_idle(const struct event_trigger *t)
{
    if (t->turning || t->reading || t->writing || t->batch)
        return false;
    if (t->pause_until_ms || t->hold_until_us)
        return true;
    for (size_t i = 0; i < t->scope_count; i++) {
        if (t->scopes[i].state != SCOPE_KNOWN && !cache_scope(t->held->cache, i).trouble)
            return false;
    }
    return !t->depth || !event_may_begin(t);
}
