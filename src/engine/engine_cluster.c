/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine does for each cluster: connect it, look up what is unfinished there, start the triggers. */
#include <stdio.h>
#include <stdlib.h>

#include "approval/approvals.h"
#include "base/backoff.h"
#include "change/effect_kept.h"
#include "engine/ask.h"
#include "engine/engine_parts.h"
#include "events/events.h"
#include "limit/hour_kept.h"
#include "outside/outbox.h"
#include "recovery/recovery.h"
#include "run/run_canary.h"
#include "slo/slo.h"

static const struct backoff retry_pause = {.first_ms = 500, .most_ms = 30000};

static const struct log *log_of(const struct engine_cluster *at)
{
    return at->site.log;
}

/* ---- triggers ---- */

bool engine_cluster_has(const struct engine_cluster *at, const struct policy *policy)
{
    struct error err;
    char text[512];
    enum policy_stand is = policy_stand(policy, at->site.cluster, &err);
    if (is == POLICY_ASIDE) {
        snprintf(text, sizeof text, "not in force on cluster %.100s: %.350s", cluster_name(at->site.cluster),
                 err.message);
        log_event(log_of(at), LOG_WARN, text, LOG_FIELDS({"policy", policy->name}));
    }
    return is == POLICY_IN_FORCE;
}

static void tell_aside(const struct engine_cluster *at, const struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        engine_cluster_has(at, set->entries[i].policy);
}

static void await_effect(void *data, const char *policy)
{
    struct engine_cluster *at = data;
    const struct policy_entry *entry = engine_policy(at->engine, policy, NULL);
    if (entry)
        run_canary_await_again(&at->site, entry->policy);
}

static void start_triggers(struct engine_cluster *at, const struct policy_set *set, struct schedule_past *past)
{
    runs_await_effects(&at->runs, await_effect); /* before a run asks how far a canary is */
    size_t count = triggers_put_in_force(&at->triggers, set, past);
    slo_follow(&at->slo, &at->site, &at->watches, at->engine->set, at->slo_from);
    at->triggered = true;
    if (at->moved)
        shard_moves_acts(at);
    at->moved = false;
    free(at->unfinished);
    at->unfinished = NULL;
    at->unfinished_count = 0;
    char text[64];
    snprintf(text, sizeof text, "%zu polic%s in force", count, count == 1 ? "y" : "ies");
    log_event(log_of(at), LOG_INFO, text, LOG_FIELDS(SITE_LOG_CLUSTER(&at->site)));
    tell_aside(at, set);
    approvals_resume(at->engine->approvals, &at->site.shard, cluster_name(at->site.cluster));
}

/* ---- trying again ---- */

static void retry_later(struct engine_cluster *at, const struct error *err)
{
    error_keep(&at->trouble, err);
    deadline_set(&at->retry, backoff_ms(&retry_pause, ++at->failures, NULL));
}

void engine_cluster_try_again(struct engine_cluster *at, const struct error *err)
{
    if (at->engine->stopping) {
        engine_check_stopped(at->engine);
        return;
    }
    log_event(log_of(at), LOG_ERROR, "not connected; trying again",
              LOG_FIELDS(SITE_LOG_CLUSTER(&at->site), {"reason", err->message}));
    retry_later(at, err);
}

static void past_known(void *data, const struct policy_set *set, struct schedule_past *past, const struct error *err)
{
    struct engine_cluster *at = data;
    struct engine *e = at->engine;
    at->reading_marks = false;
    if (!at->started || at->term != at->reading_term) { /* the lead was lost meanwhile, and perhaps taken again */
        engine_cluster_put_in_force(at);
    } else if (!e->stopping && err) {
        log_event(e->o.log, LOG_ERROR, "the policies are not started, because the journal cannot be read; trying again",
                  LOG_FIELDS({"reason", err->message}));
        retry_later(at, err);
    } else if (!e->stopping && set == e->set) {
        at->failures = 0;
        error_keep(&at->trouble, NULL);
        start_triggers(at, set, past);
    } else if (!e->stopping) { /* the policies were loaded again meanwhile */
        engine_cluster_put_in_force(at);
    }
    engine_cluster_check_left(at);
    engine_check_stopped(e);
}

/* First the state is asked for the marks of the set's policies; past_known goes on. */
void engine_cluster_put_in_force(struct engine_cluster *at)
{
    struct engine *e = at->engine;
    struct error err;
    if (!at->started)
        engine_cluster_keep_warm(at);
    if (!at->started || e->stopping || at->reading_marks || !e->set || e->o.once)
        return;
    at->reading_term = at->term;
    deadline_stop(&at->retry);
    at->reading_marks = marks_read(&at->site, e->set, at->unfinished, at->unfinished_count, past_known, at, &err) == 0;
    if (!at->reading_marks) {
        log_line(e->o.log, LOG_ERROR, "the policies are not started: %s; trying again", err.message);
        retry_later(at, &err);
    }
}

/* The server has other versions, another controller, or other kinds now: what depends on them begins again. */
static void changed(struct cluster_change *change)
{
    struct engine_cluster *at = change->data;
    const struct policy_set *set = at->engine->set;
    engine_cluster_keep_warm(at);
    if (!at->started || at->engine->stopping || !at->triggered)
        return;
    triggers_renew_events(&at->triggers, set);
    slo_follow(&at->slo, &at->site, &at->watches, at->engine->set, at->slo_from);
    if (triggers_stale(&at->triggers, set))
        engine_cluster_put_in_force(at);
    else
        tell_aside(at, set);
}

/* ---- looking again ---- */

/* A definition may be changed at any time, and a path that still works does not show it. */
void engine_cluster_look_later(struct engine_cluster *at, int64_t now)
{
    int64_t every = at->engine->o.look_every;
    if (every >= 0)
        alarm_set(at->site.alarms, &at->look, now + (every ? every : ENGINE_LOOK_EVERY));
}

static void look(struct alarm *alarm, int64_t now)
{
    struct engine_cluster *at = alarm->data;
    cluster_look(at->site.cluster);
    engine_cluster_look_later(at, now);
}

/* ---- starting ---- */

static void connected(void *data, const struct error *err)
{
    struct engine_cluster *at = data;
    at->connecting = false;
    at->connected = !err;
    if (err || at->engine->stopping)
        engine_cluster_try_again(at, err);
    else if (at->leads)
        engine_cluster_lead(at);
    else
        engine_cluster_stand_by(at, NULL);
}

void engine_cluster_lead(struct engine_cluster *at)
{
    if (at->connected && !at->connecting && !at->recovery && !at->started && !at->engine->stopping)
        engine_cluster_begin(at);
}

void engine_cluster_start(struct engine_cluster *at)
{
    at->connecting = true;
    at->connected = false;
    if (!at->hooked)
        cluster_on_change(at->site.cluster, &at->change);
    at->hooked = true;
    cluster_connect(at->site.cluster, connected, at);
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

static void one_closed(void *data)
{
    struct engine_cluster *at = data;
    engine_cluster_check_left(at);
    engine_check_stopped(at->engine);
}

static void effect_came(struct engine_cluster *at, const char *policy, const struct blamed *job, bool seen)
{
    const struct policy_entry *entry = engine_policy(at->engine, policy, NULL);
    bool failed = entry && run_canary_effect(&at->site, entry->policy, seen);
    breaker_effect(&at->engine->breaker, policy, job, &at->site, seen, failed);
}

static void effect_told(void *data, const struct effect_kept *e, bool seen)
{
    struct blamed job = {.target = e->target};
    snprintf(job.name_space, sizeof job.name_space, "%s", e->name_space);
    snprintf(job.name, sizeof job.name, "%s", e->name);
    snprintf(job.uid, sizeof job.uid, "%s", e->uid);
    effect_came(data, e->policy, &job, seen);
}

static void observe(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err)
{
    struct engine *e = ((struct engine_cluster *)data)->engine;
    const struct engine_options *o = &e->o;
    struct blamed there;
    if ((result->seen == EFFECT_SEEN || result->seen == EFFECT_NOT_SEEN) && result->before) {
        blamed_set(&there, result->before);
        effect_came(data, run->policy->name, &there, result->seen == EFFECT_SEEN);
    }
    if (o->observe)
        o->observe(o->data, run, job, result, err);
}

static void planned(void *data, const struct run *run, const char *job, const struct change *change)
{
    const struct engine_options *o = &((struct engine_cluster *)data)->engine->o;
    if (o->planned)
        o->planned(o->data, run, job, change);
}

static void run_ended(void *data, const struct run *run)
{
    struct engine *e = ((struct engine_cluster *)data)->engine;
    breaker_run_ended(&e->breaker, run);
    outbox_run_ended(e->o.outside, run->id);
    ask_run_ended(e, run);
    if (e->o.ended)
        e->o.ended(e->o.data, run);
    if (e->stopping || ((struct engine_cluster *)data)->leaving)
        defer_call(e->o.soon, &e->ended); /* the run is still being freed */
}

static void read_effects(struct engine_cluster *at, const struct engine_options *o)
{
    struct error err;
    if (!o->canaries || o->once || o->dry_run || !runs_read_effects(&at->runs, o->canaries->store, &err))
        return;
    log_event(log_of(at), LOG_ERROR,
              "the effects that a daemon before was looking for cannot be read: they are not seen",
              LOG_FIELDS(SITE_LOG_CLUSTER(&at->site), {"reason", err.message}));
}

void engine_cluster_init(struct engine_cluster *at, struct engine *engine, const struct engine_place *place)
{
    const struct engine_options *o = &engine->o;
    *at = (struct engine_cluster){.engine = engine, .lead = place->lead ? place->lead : o->lead};
    at->leads = !at->lead;
    at->site = (struct site){
        .loop = o->loop,
        .soon = o->soon,
        .clock = o->clock,
        .log = o->log,
        .alarms = engine->alarms,
        .journal = o->journal,
        .state = place->state ? place->state : o->state,
        .recorder = engine->recorder,
        .counters = engine->counters,
        .hour = !o->changes_per_hour ? NULL
                : place->shard.of    ? &at->hour
                                     : &engine->hour,
        .gap = o->gap,
        .canaries = o->canaries,
        .late = &at->late,
        .cluster = place->cluster,
        .told = place->shard.of      ? place->told
                : o->place_count > 1 ? cluster_name(place->cluster)
                                     : NULL,
        .name = cluster_name(place->cluster),
        .shard = place->shard,
        .namespaces = place->namespaces,
        .silence_us = o->silence,
        .watches_max = o->watches_max,
        .dry_run = o->dry_run,
        .once = o->once,
        .one_clock = o->one_clock,
        .closed = one_closed,
        .data = at,
    };
    if (place->shard.of)
        hour_open_part(&at->hour, &place->shard, o->changes_per_hour);
    /* Without memory for them no Events are written. */
    at->site.events = o->events && !o->dry_run ? events_new(&at->site, NULL, o->metrics) : NULL;
    watches_init(&at->watches, &at->site);
    runs_init(&at->runs, &at->site, &at->watches);
    at->runs.observe = observe;
    at->runs.planned = planned;
    at->runs.ended = run_ended;
    at->runs.effect = effect_told;
    at->runs.may_begin = engine_cluster_may_begin;
    at->runs.data = at;
    at->runs.approval = approvals_hook(engine->approvals);
    triggers_init(&at->triggers, &at->runs);
    read_effects(at, o);
    at->change = (struct cluster_change){.changed = changed, .data = at};
    at->look = (struct alarm){.ring = look, .data = at};
    deadline_init(o->loop, &at->retry, retry, at);
}

void engine_cluster_stop(struct engine_cluster *at, uint64_t events_ms)
{
    at->site.stopping = true;
    events_flush(at->site.events, events_ms);
    runs_forget_effects(&at->runs);
    deadline_stop(&at->retry);
    alarm_stop(at->site.alarms, &at->look);
    triggers_stop(&at->triggers);
    slo_free(at->slo);
    at->slo = NULL;
    if (at->hooked)
        cluster_off_change(at->site.cluster, &at->change);
    at->hooked = false;
    watches_close(&at->watches);
    if (at->connecting)
        cluster_connect_cancel(at->site.cluster);
    if (at->recovery)
        recovery_cancel(at->recovery);
}

bool engine_cluster_busy(const struct engine_cluster *at)
{
    return at->recovery || at->reading_marks || at->syncing || at->connecting || at->site.open || at->runs.look.open;
}

bool engine_cluster_idle(const struct engine_cluster *at)
{
    return triggers_idle(&at->triggers) && !at->recovery && !at->reading_marks && !cluster_looking(at->site.cluster) &&
           (at->started || (at->connected && !at->leads) ? !at->connecting : at->failures != 0);
}

void engine_cluster_close(struct engine_cluster *at, void (*closed)(struct deadline *))
{
    free(at->unfinished);
    at->unfinished = NULL;
    error_keep(&at->trouble, NULL);
    runs_close(&at->runs);
    site_close_links(&at->site);
    site_close_links(&at->runs.look);
    events_free(at->site.events);
    at->site.events = NULL;
    late_free(&at->late);
    hour_close(&at->hour);
    deadline_close(&at->retry, closed);
}
