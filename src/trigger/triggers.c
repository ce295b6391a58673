/* SPDX-License-Identifier: Apache-2.0 */
/* From a set of policies to its triggers, and from what the watches tell to the event triggers. */
#include "trigger/triggers.h"

#include <stdlib.h>

#include "cluster/cluster.h"
#include "policy/in_force.h"
#include "trigger/event_known.h"
#include "trigger/event_trigger.h"
#include "trigger/schedule.h"

static void cannot_start(const struct triggers *t, const struct policy_entry *entry)
{
    log_event(t->runs->site->log, LOG_ERROR, "a policy cannot be started: out of memory",
              LOG_FIELDS({"policy", entry->policy->name}, SITE_LOG_CLUSTER(t->runs->site)));
}

static bool is_here(const struct triggers *t, const struct policy *policy)
{
    return policy_in_force(policy, t->runs->site->cluster);
}

/* ---- schedules ---- */

struct schedule *triggers_schedule(const struct triggers *t, const char *policy)
{
    struct schedule *s = t->schedules;
    while (s && strcmp(schedule_policy(s), policy) != 0)
        s = schedule_next(s);
    return s;
}

static void stop_schedules(struct schedule *list)
{
    while (list) {
        struct schedule *s = list;
        list = schedule_next(s);
        schedule_stop(s);
    }
}

static size_t start_schedules(struct triggers *t, const struct policy_set *set, struct schedule_past *past)
{
    struct schedule *list = NULL, *last = NULL, *old = t->schedules;
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct policy_entry *entry = &set->entries[i];
        if (entry->policy->on || policy_entry_rests(entry) || !is_here(t, entry->policy))
            continue;
        past[i].before = triggers_schedule(t, entry->policy->name);
        struct schedule *s = schedule_start(t, entry, &past[i]);
        if (!s) {
            cannot_start(t, entry);
            continue;
        }
        if (last)
            schedule_set_next(last, s);
        else
            list = s;
        last = s;
        count++;
    }
    t->schedules = list;
    stop_schedules(old);
    return count;
}

/* ---- events ---- */

static void stop_events(struct event_trigger *list)
{
    while (list) {
        struct event_trigger *e = list;
        list = event_trigger_next(e);
        event_trigger_stop(e);
    }
}

static bool is_of(const struct event_trigger *e, const char *policy)
{
    return strcmp(event_trigger_policy(e), policy) == 0;
}

/* Takes the policy's event trigger for the kind out of the list; NULL: it has none. */
static struct event_trigger *take_event(struct triggers *t, const char *policy, const struct mpijob_kind *kind)
{
    struct event_trigger *before = NULL, *e = t->events;
    while (e && !(is_of(e, policy) && event_trigger_kind(e) == kind)) {
        before = e;
        e = event_trigger_next(e);
    }
    if (e && before)
        event_trigger_set_next(before, event_trigger_next(e));
    else if (e)
        t->events = event_trigger_next(e);
    return e;
}

/* past: of its policy; NULL leaves no trigger as it is, though its policy is the one that it has. */
static struct event_trigger *start_event(struct triggers *t, const struct policy_entry *entry,
                                         const struct mpijob_kind *kind, const struct schedule_past *past,
                                         struct event_trigger *next)
{
    struct job_cache *cache = t->runs->watches->caches[mpijob_kind_index(kind)];
    struct event_trigger *e = take_event(t, entry->policy->name, kind);
    cache = cache && policy_kind_in_force(entry->policy, kind, t->runs->site->cluster) ? cache : NULL;
    if (e && cache && ((past && event_trigger_keeps(e, entry, cache)) || event_trigger_reload(e, entry, cache))) {
        event_trigger_set_next(e, next);
        return e;
    }
    if (e)
        event_trigger_stop(e);
    int64_t resumed = past && past->interrupted ? past->scheduled_at : 0;
    e = cache ? event_trigger_start(t, entry, cache, resumed, next) : NULL;
    if (cache && !e)
        cannot_start(t, entry);
    return e ? e : next;
}

/* past: one for each entry of the set; NULL: all begin again. */
static size_t start_events(struct triggers *t, const struct policy_set *set, const struct schedule_past *past)
{
    struct event_trigger *list = NULL;
    size_t count = 0;
    if (!t->listening)
        watches_subscribe(t->runs->watches, &t->listener);
    t->listening = true;
    watches_update(t->runs->watches, set);
    for (size_t i = set->count; i > 0; i--) {
        const struct policy_entry *entry = &set->entries[i - 1];
        if (!entry->policy->on || policy_entry_rests(entry) || !is_here(t, entry->policy))
            continue;
        for (size_t k = entry->policy->kinds.count; k > 0; k--)
            list = start_event(t, entry, entry->policy->kinds.of[k - 1].kind, past ? &past[i - 1] : NULL, list);
        count++;
    }
    stop_events(t->events);
    t->events = list;
    return count;
}

void triggers_renew_events(struct triggers *t, const struct policy_set *set)
{
    loops_forget(&t->runs->loops);
    start_events(t, set, NULL);
}

/* ---- what the watches tell ---- */

static bool same_json(struct json a, struct json b)
{
    return str_eq(a.text, b.text);
}

/* Is it a change of something that people change, and not of the status alone? */
static bool looks_deliberate(const struct mpijob_view *before, const struct mpijob_view *after)
{
    return before->generation != after->generation || !same_json(before->labels, after->labels) ||
           !same_json(before->annotations, after->annotations);
}

/* A loop of policies is let go when something else changes the job. */
static void look_for_help(struct triggers *t, struct job_cache *cache, const struct cache_event *event)
{
    struct loops *loops = &t->runs->loops;
    if (event->change != CACHE_CHANGED || !loops_know(loops, event->after->uid))
        return;
    const struct mpijob_view *before = cache_before(cache->cache, event);
    if (!before || !looks_deliberate(before, event->after) ||
        !loops_changed(loops, event->after->uid, event->after->resource_version))
        return;
    for (struct event_trigger *e = t->events; e; e = event_trigger_next(e)) {
        if (event_trigger_kind(e) == cache->kind)
            event_trigger_let_go(e, event->slot);
    }
}

static struct triggers *of_listener(struct watch_subscriber *listener)
{
    return (struct triggers *)((char *)listener - offsetof(struct triggers, listener));
}

static void told(struct watch_subscriber *listener, struct job_cache *cache, const struct cache_event *event)
{
    struct triggers *t = of_listener(listener);
    look_for_help(t, cache, event);
    for (struct event_trigger *e = t->events; e; e = event_trigger_next(e))
        event_trigger_event(e, cache, event);
}

static void synced(struct watch_subscriber *listener, struct job_cache *cache)
{
    for (struct event_trigger *e = of_listener(listener)->events; e; e = event_trigger_next(e))
        event_trigger_synced(e, cache);
}

static void workload_told(struct watch_subscriber *listener, const struct workload_job *job)
{
    for (struct event_trigger *e = of_listener(listener)->events; e; e = event_trigger_next(e))
        event_trigger_workload(e, job);
}

/* ---- all of them ---- */

void triggers_init(struct triggers *t, struct runs *runs)
{
    *t = (struct triggers){.runs = runs, .listener = {.event = told, .synced = synced, .workload = workload_told}};
    runs->known = triggers_known;
    runs->triggers = t;
}

size_t triggers_put_in_force(struct triggers *t, const struct policy_set *set, struct schedule_past *past)
{
    size_t count = start_schedules(t, set, past);
    return count + start_events(t, set, past);
}

bool triggers_stale(const struct triggers *t, const struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct policy_entry *entry = &set->entries[i];
        bool wanted = !entry->policy->on && !policy_entry_rests(entry) && is_here(t, entry->policy);
        if (wanted != (triggers_schedule(t, entry->policy->name) != NULL))
            return true;
    }
    return false;
}

void triggers_go_on(struct triggers *t, const char *policy)
{
    struct schedule *s = triggers_schedule(t, policy);
    if (s)
        schedule_go_on(s);
    for (struct event_trigger *e = t->events; e; e = event_trigger_next(e)) {
        if (is_of(e, policy))
            event_trigger_go_on(e);
    }
}

void triggers_stop(struct triggers *t)
{
    stop_schedules(t->schedules);
    t->schedules = NULL;
    stop_events(t->events);
    t->events = NULL;
    if (t->listening)
        watches_unsubscribe(t->runs->watches, &t->listener);
    t->listening = false;
}

bool triggers_idle(const struct triggers *t)
{
    for (const struct event_trigger *e = t->events; e; e = event_trigger_next(e)) {
        if (!event_trigger_idle(e))
            return false;
    }
    return true;
}

/* ---- a policy with several kinds has several ---- */

static const struct event_trigger *first_of(const struct triggers *t, const char *policy)
{
    const struct event_trigger *e = t->events;
    while (e && !is_of(e, policy))
        e = event_trigger_next(e);
    return e;
}

static const struct event_trigger *next_of(const struct event_trigger *e, const char *policy)
{
    do {
        e = event_trigger_next(e);
    } while (e && !is_of(e, policy));
    return e;
}

static size_t depth_of(const struct triggers *t, const char *policy)
{
    size_t depth = 0;
    for (const struct event_trigger *e = first_of(t, policy); e; e = next_of(e, policy))
        depth += event_trigger_depth(e);
    return depth;
}

void triggers_each_queue(const struct triggers *t, void (*visit)(void *data, const char *policy, size_t depth),
                         void *data)
{
    for (const struct event_trigger *e = t->events; e; e = event_trigger_next(e)) {
        if (first_of(t, event_trigger_policy(e)) == e)
            visit(data, event_trigger_policy(e), depth_of(t, event_trigger_policy(e)));
    }
}

int64_t triggers_due(const struct triggers *t, const char *policy, size_t *depth)
{
    const struct schedule *s = triggers_schedule(t, policy);
    int64_t due = INT64_MAX;
    *depth = depth_of(t, policy);
    for (const struct event_trigger *e = first_of(t, policy); e; e = next_of(e, policy))
        due = event_trigger_due(e) < due ? event_trigger_due(e) : due;
    return s ? schedule_due(s) : due;
}

struct event_waiting triggers_waiting(const struct triggers *t, const char *policy)
{
    struct event_waiting all = {0};
    for (const struct event_trigger *e = first_of(t, policy); e; e = next_of(e, policy)) {
        struct event_waiting one = event_trigger_waiting(e);
        all.jobs += one.jobs;
        all.warned += one.warned;
        all.unwarned += one.unwarned;
    }
    return all;
}

/* A kind that the server does not have is never known. */
int64_t triggers_handled(const struct triggers *t, const char *policy)
{
    int64_t all = -1;
    for (const struct event_trigger *e = first_of(t, policy); e; e = next_of(e, policy)) {
        int64_t one = event_trigger_handled(e);
        if (one >= 0)
            all = (all < 0 ? 0 : all) + one;
    }
    return all;
}
