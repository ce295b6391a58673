#include "engine/engine_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "change/effect_journal.h"
#include "engine/recover.h"
#include "jobs/watches.h"
#include "trigger/event_trigger.h"
#include "trigger/marks.h"
#include "trigger/schedule.h"

#define RETRY_FIRST_MS 500
#define RETRY_MOST_MS 30000

struct schedule_node {
    struct schedule *trigger;
    struct schedule_node *next;
};

const char *engine_cluster_told(const struct engine_cluster *at)
{
    return at->engine->cluster_count > 1 ? cluster_name(at->cluster) : NULL;
}

/* ---- triggers ---- */

static void stop_triggers(struct schedule_node *list)
{
    while (list) {
        struct schedule_node *n = list;
        list = n->next;
        schedule_stop(n->trigger);
        free(n);
    }
}

struct schedule *engine_cluster_schedule(const struct engine_cluster *at, const char *policy)
{
    for (const struct schedule_node *n = at->triggers; n; n = n->next) {
        if (strcmp(schedule_policy(n->trigger), policy) == 0)
            return n->trigger;
    }
    return NULL;
}

static struct schedule_node *start_one(struct engine_cluster *at, const struct policy_entry *entry,
                                       struct schedule_past *past)
{
    struct schedule_node *n = calloc(1, sizeof *n);
    past->before = engine_cluster_schedule(at, entry->policy->name);
    if (n)
        n->trigger = schedule_start(at, entry, past);
    if (n && n->trigger)
        return n;
    log_event(at->engine->o.log, LOG_ERROR, "a policy cannot be started: out of memory",
              LOG_FIELDS({"policy", entry->policy->name}, {"cluster", engine_cluster_told(at)}));
    free(n);
    return NULL;
}

/* ---- policies with `on` ---- */

static void stop_ons(struct event_trigger *list)
{
    while (list) {
        struct event_trigger *t = list;
        list = event_trigger_next(t);
        event_trigger_stop(t);
    }
}

/* Takes it out of the list; NULL: there is none. */
static struct event_trigger *take_on(struct engine_cluster *at, const char *policy)
{
    struct event_trigger *before = NULL, *t = at->ons;
    while (t && strcmp(event_trigger_policy(t), policy) != 0) {
        before = t;
        t = event_trigger_next(t);
    }
    if (t && before)
        event_trigger_set_next(before, event_trigger_next(t));
    else if (t)
        at->ons = event_trigger_next(t);
    return t;
}

static struct event_trigger *start_on(struct engine_cluster *at, const struct policy_entry *entry,
                                      struct event_trigger *next)
{
    struct job_cache *held = at->caches[entry->policy->kind];
    struct event_trigger *t = take_on(at, entry->policy->name);
    if (t && held && event_trigger_reload(t, entry, held)) {
        event_trigger_set_next(t, next);
        return t;
    }
    if (t)
        event_trigger_stop(t);
    t = held ? event_trigger_start(at, entry, held, next) : NULL;
    if (held && !t)
        log_event(at->engine->o.log, LOG_ERROR, "a policy cannot be started: out of memory",
                  LOG_FIELDS({"policy", entry->policy->name}, {"cluster", engine_cluster_told(at)}));
    return t ? t : next;
}

/* Those of the set take over from those in force; returns how many there are. */
static size_t start_ons(struct engine_cluster *at)
{
    struct policy_set *set = at->engine->set;
    struct event_trigger *list = NULL;
    size_t count = 0;
    watches_update(at, set);
    loops_forget(&at->loops);
    for (size_t i = set->count; i > 0; i--) {
        const struct policy_entry *entry = &set->entries[i - 1];
        if (!entry->policy->on || !policy_on_cluster(entry->policy, cluster_name(at->cluster)))
            continue;
        list = start_on(at, entry, list);
        count++;
    }
    stop_ons(at->ons);
    at->ons = list;
    return count;
}

/* ---- all of them ---- */

static void start_triggers(struct engine_cluster *at, struct schedule_past *past)
{
    struct policy_set *set = at->engine->set;
    struct schedule_node *list = NULL, **last = &list, *old;
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (p->on || !policy_on_cluster(p, cluster_name(at->cluster)))
            continue;
        *last = start_one(at, &set->entries[i], &past[i]);
        if (!*last)
            continue;
        last = &(*last)->next;
        count++;
    }
    old = at->triggers;
    at->triggers = list;
    stop_triggers(old);
    count += start_ons(at);
    at->ons_started = true;
    free(at->unfinished);
    at->unfinished = NULL;
    at->unfinished_count = 0;
    char text[64];
    snprintf(text, sizeof text, "%zu polic%s in force", count, count == 1 ? "y" : "ies");
    log_event(at->engine->o.log, LOG_INFO, text, LOG_FIELDS({"cluster", engine_cluster_told(at)}));
}

/* ---- trying again ---- */

static void retry_later(struct engine_cluster *at)
{
    at->retry_ms = at->retry_ms ? at->retry_ms * 2 : RETRY_FIRST_MS;
    if (at->retry_ms > RETRY_MOST_MS)
        at->retry_ms = RETRY_MOST_MS;
    deadline_set(&at->retry, at->retry_ms);
}

static void try_again(struct engine_cluster *at, const struct error *err)
{
    if (at->engine->stopping) {
        engine_check_stopped(at->engine);
        return;
    }
    log_event(at->engine->o.log, LOG_ERROR, "not connected; trying again",
              LOG_FIELDS({"cluster", engine_cluster_told(at)}, {"reason", err->message}));
    retry_later(at);
}

static void past_known(void *data, struct policy_set *set, struct schedule_past *past, const struct error *err)
{
    struct engine_cluster *at = data;
    struct engine *e = at->engine;
    if (!e->stopping && err) {
        log_event(e->o.log, LOG_ERROR, "the policies are not started, because the journal cannot be read; trying again",
                  LOG_FIELDS({"reason", err->message}));
        retry_later(at);
    } else if (!e->stopping && set == e->set) {
        at->retry_ms = 0;
        start_triggers(at, past);
    } else if (!e->stopping) { /* loaded again meanwhile */
        engine_cluster_put_in_force(at);
    }
    engine_check_stopped(e);
}

/* As soon as the journal has told what it knows of the set's policies. */
void engine_cluster_put_in_force(struct engine_cluster *at)
{
    struct engine *e = at->engine;
    struct error err;
    if (!at->started || e->stopping || at->marks_reading || !e->set)
        return;
    deadline_stop(&at->retry);
    if (marks_read(at, e->set, at->unfinished, at->unfinished_count, past_known, at, &err)) {
        log_line(e->o.log, LOG_ERROR, "the policies are not started: %s; trying again", err.message);
        retry_later(at);
    }
}

/* Other versions, another controller, a kind that came or went: what depends on them begins again. */
static void changed(struct cluster_change *change)
{
    struct engine_cluster *at = change->data;
    if (at->started && !at->engine->stopping && at->ons_started)
        start_ons(at);
}

/* ---- looking again ---- */

/* A definition may be changed at any time, and a path that still works does not tell. */
static void look(struct alarm *alarm, int64_t now)
{
    struct engine_cluster *at = alarm->data;
    cluster_look(at->cluster);
    alarm_set(at->engine->alarms, alarm, now + ENGINE_LOOK_EVERY);
}

/* ---- starting ---- */

static void recovered_now(void *data, const struct interrupted_run *runs, size_t count, const struct error *err)
{
    struct engine_cluster *at = data;
    struct error trouble;
    if (!err && count && !(at->unfinished = calloc(count, sizeof *runs))) {
        error_nomem(&trouble);
        err = &trouble;
    }
    if (err) {
        try_again(at, err);
        return;
    }
    if (count)
        memcpy(at->unfinished, runs, count * sizeof *runs);
    at->unfinished_count = count;
    at->retry_ms = 0;
    at->started = true;
    alarm_set(at->engine->alarms, &at->look, clock_now(at->engine->o.clock) + ENGINE_LOOK_EVERY);
    engine_cluster_put_in_force(at);
}

static void connected(void *data, const struct error *err)
{
    struct engine_cluster *at = data;
    struct error trouble;
    at->connecting = false;
    if (err || at->engine->stopping)
        try_again(at, err);
    else if (!at->engine->o.store)
        recovered_now(at, NULL, 0, NULL);
    else if (recovery_start(at, recovered_now, at, &at->recovery, &trouble))
        try_again(at, &trouble);
}

void engine_cluster_start(struct engine_cluster *at)
{
    at->connecting = true;
    if (!at->hooked)
        cluster_on_change(at->cluster, &at->change);
    at->hooked = true;
    cluster_connect(at->cluster, connected, at);
}

static void retry(struct deadline *d)
{
    struct engine_cluster *at = d->data;
    if (at->engine->stopping)
        return;
    if (at->started)
        engine_cluster_put_in_force(at);
    else
        engine_cluster_start(at);
}

/* ---- life ---- */

void engine_cluster_init(struct engine_cluster *at, struct engine *engine, struct cluster *cluster,
                         const char *const *namespaces)
{
    const struct engine_options *o = &engine->o;
    *at = (struct engine_cluster){.engine = engine, .cluster = cluster, .namespaces = namespaces};
    at->context = (struct replace_context){o->loop, cluster, o->store, o->clock, o->log};
    at->change = (struct cluster_change){.changed = changed, .data = at};
    at->look = (struct alarm){.ring = look, .data = at};
    deadline_init(o->loop, &at->retry, retry, at);
}

void engine_cluster_stop(struct engine_cluster *at)
{
    effect_journal_free(at->effect_journal);
    at->effect_journal = NULL;
    deadline_stop(&at->retry);
    alarm_stop(at->engine->alarms, &at->look);
    stop_triggers(at->triggers);
    at->triggers = NULL;
    stop_ons(at->ons);
    at->ons = NULL;
    if (at->hooked)
        cluster_off_change(at->cluster, &at->change);
    at->hooked = false;
    watches_close(at);
    if (at->connecting)
        cluster_connect_cancel(at->cluster);
    if (at->recovery)
        recovery_cancel(at->recovery);
}

void engine_stream_add(struct engine_cluster *at, struct engine_stream *stream)
{
    DL_APPEND(at->streams, stream);
}

void engine_stream_remove(struct engine_cluster *at, struct engine_stream *stream)
{
    DL_DELETE(at->streams, stream);
}

struct kube_kinds *engine_cluster_kinds(struct engine_cluster *at)
{
    if (!at->kinds)
        at->kinds = kube_kinds_new(cluster_kube(at->cluster));
    return at->kinds;
}

bool engine_cluster_busy(const struct engine_cluster *at)
{
    return at->recovery || at->marks_reading || at->connecting || at->ons_live || at->caches_open;
}

bool engine_cluster_idle(const struct engine_cluster *at)
{
    for (const struct event_trigger *t = at->ons; t; t = event_trigger_next(t)) {
        if (!event_trigger_idle(t))
            return false;
    }
    return !at->recovery && !at->marks_reading && !cluster_looking(at->cluster) &&
           (at->started ? !at->connecting : at->retry_ms != 0);
}

void engine_cluster_close(struct engine_cluster *at, void (*closed)(struct deadline *))
{
    free(at->unfinished);
    at->unfinished = NULL;
    loops_forget(&at->loops);
    effect_journal_free(at->effect_journal); /* of a run that ended since */
    at->effect_journal = NULL;
    while (at->streams)
        at->streams->close(at->streams);
    kube_kinds_free(at->kinds);
    at->kinds = NULL;
    deadline_close(&at->retry, closed);
}
