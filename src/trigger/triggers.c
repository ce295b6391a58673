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
              LOG_FIELDS({"policy", entry->policy->name}, {"cluster", t->runs->site->told}));
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

/* Takes the policy's event trigger out of the list; NULL: it has none. */
static struct event_trigger *take_event(struct triggers *t, const char *policy)
{
    struct event_trigger *before = NULL, *e = t->events;
    while (e && strcmp(event_trigger_policy(e), policy) != 0) {
        before = e;
        e = event_trigger_next(e);
    }
    if (e && before)
        event_trigger_set_next(before, event_trigger_next(e));
    else if (e)
        t->events = event_trigger_next(e);
    return e;
}

/* renew: false leaves a trigger alone whose policy is the one that it has. */
static struct event_trigger *start_event(struct triggers *t, const struct policy_entry *entry, bool renew,
                                         struct event_trigger *next)
{
    struct job_cache *cache = t->runs->watches->caches[mpijob_kind_index(entry->policy->kind)];
    struct event_trigger *e = take_event(t, entry->policy->name);
    if (e && cache && ((!renew && event_trigger_keeps(e, entry, cache)) || event_trigger_reload(e, entry, cache))) {
        event_trigger_set_next(e, next);
        return e;
    }
    if (e)
        event_trigger_stop(e);
    e = cache ? event_trigger_start(t, entry, cache, next) : NULL;
    if (cache && !e)
        cannot_start(t, entry);
    return e ? e : next;
}

static size_t start_events(struct triggers *t, const struct policy_set *set, bool renew)
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
        list = start_event(t, entry, renew, list);
        count++;
    }
    stop_events(t->events);
    t->events = list;
    return count;
}

void triggers_renew_events(struct triggers *t, const struct policy_set *set)
{
    loops_forget(&t->runs->loops);
    start_events(t, set, true);
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
    for (struct event_trigger *e = t->events; e; e = event_trigger_next(e))
        event_trigger_let_go(e, event->slot);
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

/* ---- all of them ---- */

void triggers_init(struct triggers *t, struct runs *runs)
{
    *t = (struct triggers){.runs = runs, .listener = {.event = told, .synced = synced}};
    runs->known = triggers_known;
    runs->triggers = t;
}

size_t triggers_put_in_force(struct triggers *t, const struct policy_set *set, struct schedule_past *past)
{
    size_t count = start_schedules(t, set, past);
    return count + start_events(t, set, false);
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
    struct event_trigger *e = t->events;
    while (e && strcmp(event_trigger_policy(e), policy) != 0)
        e = event_trigger_next(e);
    if (s)
        schedule_go_on(s);
    if (e)
        event_trigger_go_on(e);
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

void triggers_each_queue(const struct triggers *t, void (*visit)(void *data, const char *policy, size_t depth),
                         void *data)
{
    for (const struct event_trigger *e = t->events; e; e = event_trigger_next(e))
        visit(data, event_trigger_policy(e), event_trigger_depth(e));
}

int64_t triggers_due(const struct triggers *t, const char *policy, size_t *depth)
{
    const struct schedule *s = triggers_schedule(t, policy);
    *depth = 0;
    for (const struct event_trigger *e = t->events; e; e = event_trigger_next(e)) {
        if (strcmp(event_trigger_policy(e), policy) != 0)
            continue;
        *depth = event_trigger_depth(e);
        return event_trigger_due(e);
    }
    return s ? schedule_due(s) : INT64_MAX;
}

struct event_waiting triggers_waiting(const struct triggers *t, const char *policy)
{
    const struct event_trigger *e = t->events;
    while (e && strcmp(event_trigger_policy(e), policy) != 0)
        e = event_trigger_next(e);
    return e ? event_trigger_waiting(e) : (struct event_waiting){0};
}

int64_t triggers_handled(const struct triggers *t, const char *policy)
{
    const struct event_trigger *e = t->events;
    while (e && strcmp(event_trigger_policy(e), policy) != 0)
        e = event_trigger_next(e);
    return e ? event_trigger_handled(e) : -1;
}
