/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life: making it, starting, stopping. */
#include "engine/engine.h"

#include <stdlib.h>
#include <utlist.h>

#include "approval/approvals.h"
#include "base/texts.h"
#include "engine/ask.h"
#include "engine/culprits.h"
#include "engine/engine_parts.h"
#include "engine/meters.h"
#include "limit/ceiling.h"
#include "policy/file_changes.h"
#include "record/record.h"
#include "rehearsal/rehearsal.h"
#include "site/counters.h"

#define ONCE_EVENTS_MS 5000 /* that the Events of a single run may take at its end */

/* ---- stopping ---- */

static void one_handle_closed(struct engine *e)
{
    if (--e->handles)
        return;
    void (*stopped)(void *) = e->stopped;
    void *data = e->stopped_data;
    free(e->paths);
    error_keep(&e->load_error, NULL);
    meters_free(e->meters);
    counters_free(e->counters);
    run_recorder_close(e->recorder);
    free(e->env.clusters);
    free(e->clusters);
    hour_close(&e->hour);
    mpijob_kinds_close(&e->kinds);
    free(e);
    if (stopped)
        stopped(data);
}

static void files_closed(void *data)
{
    one_handle_closed(data);
}

static void handle_closed(struct deadline *d)
{
    one_handle_closed(d->data);
}

static void cluster_handle_closed(struct deadline *d)
{
    one_handle_closed(((struct engine_cluster *)d->data)->engine);
}

static bool runs_under_way(const struct engine *e)
{
    for (size_t i = 0; i < e->cluster_count; i++) {
        if (e->clusters[i].runs.list)
            return true;
    }
    return false;
}

void engine_check_stopped(struct engine *e)
{
    if (!e->stopping || runs_under_way(e) || e->loading || e->reading || e->rehearsal || e->asks || e->closed ||
        file_changes_busy(e->files))
        return;
    for (size_t i = 0; i < e->cluster_count; i++) {
        if (engine_cluster_busy(&e->clusters[i]))
            return;
    }
    e->closed = true;
    head_tell(e);
    policy_set_release(e->set);
    e->set = NULL;
    approvals_close(e->approvals);
    alarms_free(e->alarms);
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_close(&e->clusters[i], cluster_handle_closed);
    breaker_close(&e->breaker);
    defer_cancel(&e->turn);
    defer_cancel(&e->ended);
    if (e->files)
        file_changes_close(e->files, files_closed);
    deadline_close(&e->grace, handle_closed);
    deadline_close(&e->patience, handle_closed);
}

static void run_has_ended(struct defer *d)
{
    struct engine *e = d->data;
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_check_left(&e->clusters[i]);
    engine_check_stopped(e);
}

static void impatient(struct deadline *patience)
{
    rehearsal_late(((struct engine *)patience->data)->rehearsal);
}

static void grace_over(struct deadline *d)
{
    struct engine *e = d->data;
    if (runs_under_way(e))
        log_line(e->o.log, LOG_WARN,
                 "the grace period is over; changes in flight are given up, and the next start looks them up");
    for (size_t i = 0; i < e->cluster_count; i++)
        runs_abandon(&e->clusters[i].runs);
    engine_check_stopped(e);
}

void engine_stop(struct engine *e, uint64_t grace_ms, void (*stopped)(void *data), void *data)
{
    e->stopping = true;
    e->stopped = stopped;
    e->stopped_data = data;
    engine_lead_part(e);
    alarm_stop(e->alarms, &e->prune);
    alarm_stop(e->alarms, &e->head);
    approvals_stop(e->approvals);
    breaker_stop(&e->breaker);
    file_changes_stop(e->files);
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_stop(&e->clusters[i], e->o.once && grace_ms < ONCE_EVENTS_MS ? ONCE_EVENTS_MS : grace_ms);
    if (e->loading)
        policy_load_cancel(e->loading);
    rehearsal_cancel(e->rehearsal);
    for (size_t i = 0; i < e->cluster_count; i++)
        runs_stop(&e->clusters[i].runs, "the daemon is being stopped", !e->o.once);
    ask_cancel_all(e);
    deadline_set(&e->grace, grace_ms);
    engine_check_stopped(e);
    /* Loads and recoveries that were cancelled end in the next turns of the loop. */
}

/* ---- starting ---- */

static bool is_loading(void *data)
{
    return engine_look(data).loading;
}

static void files_changed(void *data)
{
    engine_reload(data);
}

static void files_looked(void *data)
{
    engine_check_stopped(data);
}

static struct file_changes *watch_files(struct engine *e)
{
    const struct file_changes_call call = {
        .env = &e->env, .loading = is_loading, .changed = files_changed, .looked = files_looked, .data = e};
    return file_changes_start(&call, e->set, (const char *const *)e->paths);
}

void engine_start(struct engine *e)
{
    engine_lead_join(e);
    retention_start(e);
    head_start(e);
    if (e->o.watch_files)
        e->files = watch_files(e);
    e->handles += e->files != NULL;
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_start(&e->clusters[i]);
}

/* ---- the rest ---- */

void engine_forget_known(struct engine *e)
{
    e->env.known = NULL;
    e->env.known_count = 0;
}

void engine_clock_moved(struct engine *e)
{
    alarms_clock_moved(e->alarms);
}

int64_t engine_next(const struct engine *e)
{
    return alarms_next(e->alarms);
}

bool engine_idle(const struct engine *e)
{
    bool started = e->o.once || !e->cluster_count;
    for (size_t i = 0; i < e->cluster_count && !e->o.once; i++) {
        started = started || e->clusters[i].started;
        if (!engine_cluster_idle(&e->clusters[i]) || !runs_idle(&e->clusters[i].runs))
            return false;
    }
    return started && !(e->o.once && runs_under_way(e)) && !e->loading && !e->reading && !e->rehearsal &&
           !file_changes_busy(e->files);
}

const struct policy_set *engine_policies(const struct engine *e)
{
    return e->set;
}

struct engine_hour engine_hour(const struct engine *e)
{
    int64_t now = clock_now(e->o.clock);
    struct engine_hour sum = {.most = e->hour.most};
    if (e->hour.most) {
        sum.used = hour_used(&e->hour, now);
        sum.left = hour_left(&e->hour, now);
    }
    for (size_t i = 0; e->o.shards && i < e->cluster_count; i++) {
        const struct hour *hour = &e->clusters[i].hour;
        if (!e->clusters[i].leads)
            continue;
        sum.most += hour->most;
        sum.used += hour_used(hour, now);
        sum.left += hour_left(hour, now);
    }
    return sum;
}

struct engine_snapshot engine_look(const struct engine *e)
{
    struct engine_hour hour = engine_hour(e);
    struct engine_snapshot snapshot = {
        .stopping = e->stopping,
        .loading = e->loading || e->reading || e->rehearsal,
        .clusters = e->cluster_count,
        .hour_most = hour.most,
        .hour_left = hour.left,
    };
    for (size_t i = 0; i < e->cluster_count; i++) {
        const struct engine_cluster *at = &e->clusters[i];
        snapshot.connected += at->started || (!at->leads && at->connected);
        for (const struct run *run = at->runs.list; run; run = run->next)
            snapshot.runs++;
    }
    return snapshot;
}

/* ---- making it ---- */

static void make_env(struct engine *e)
{
    const struct engine_options *o = &e->o;
    e->env.loop = o->loop;
    e->env.kinds = &e->kinds;
    e->env.soon = o->soon;
    e->env.clock = o->clock;
    e->env.log = o->log;
    e->env.alarms = e->alarms;
    e->env.outside = o->outside;
    e->env.open = o->open;
    e->env.quarantine = o->quarantine;
    e->env.ceilings = o->ceilings;
    e->env.freezes = o->freezes;
    e->env.names = o->cluster_names;
    e->env.cluster_count = o->place_count;
    e->env.shards = o->sharded;
    e->env.known = o->known;
    e->env.known_count = o->known_count;
    e->env.check = o->check;
    e->env.trials = o->trials;
    e->env.plugins = o->plugins;
    e->env.plugin_count = o->plugin_count;
    e->env.plugin_lock = o->plugin_lock;
    e->env.plugin_cure = o->plugin_cure;
    e->env.config = o->config;
    e->env.config_text = o->config_text;
    e->env.config_tell = o->config_tell;
    for (size_t i = 0; i < o->place_count; i++)
        e->env.clusters[i] = o->places[i].cluster;
}

static int make_parts(struct engine *e, struct error *err)
{
    e->alarms = alarms_new(e->o.loop, e->o.clock);
    e->clusters = calloc(e->o.place_count + 1, sizeof *e->clusters);
    e->env.clusters = calloc(e->o.place_count + 1, sizeof *e->env.clusters);
    if (!e->alarms || !e->clusters || !e->env.clusters)
        return error_nomem(err);
    shard_moves_open(&e->moves, &e->o);
    int rc = counters_new(e->o.metrics, &e->counters, err);
    if (!rc && e->o.record && e->o.journal)
        rc = run_recorder_new(e->o.journal, e->o.log, e->o.record, &e->recorder, err);
    if (!rc && e->recorder && e->o.again)
        run_recorder_again(e->recorder, e->o.again);
    return rc ? rc : meters_new(e, e->o.metrics, &e->meters, err);
}

static int open_hour(struct engine *e, struct error *err)
{
    struct journal *counted = e->o.counted ? e->o.counted : e->o.journal;
    hour_open(&e->hour, e->o.shards ? 0 : e->o.changes_per_hour);
    return e->hour.most && counted ? ceiling_read(counted, clock_now(e->o.clock), &e->hour, err) : 0;
}

static int pause_tripped(void *data, const struct paused_mark *mark, struct error *err)
{
    struct engine *e = data;
    int rc = engine_pause(e, mark, err);
    if (!rc && e->o.tripped)
        e->o.tripped(e->o.data, mark);
    return rc;
}

static const struct policy *policy_named(void *data, const char *name)
{
    const struct policy_entry *entry = engine_policy(data, name, NULL);
    return entry ? entry->policy : NULL;
}

static int open_breaker(struct engine *e, struct error *err)
{
    const struct breaker_call call = {.log = e->o.log,
                                      .clock = e->o.clock,
                                      .soon = e->o.soon,
                                      .counters = e->counters,
                                      .paused = e->o.once ? NULL : e->o.paused,
                                      .journal = e->o.journal,
                                      .pause = pause_tripped,
                                      .policy = policy_named,
                                      .data = e};
    return breaker_open(&e->breaker, &call, err);
}

int engine_new(const struct engine_options *options, struct engine **out, struct error *err)
{
    struct engine *e = calloc(1, sizeof *e);
    if (!e)
        return error_nomem(err);
    e->o = *options;
    int rc = open_hour(e, err);
    if (!rc)
        rc = make_parts(e, err);
    if (!rc)
        rc = open_breaker(e, err);
    if (!rc)
        rc = engine_approvals_open(e, err);
    if (rc) {
        hour_close(&e->hour);
        breaker_close(&e->breaker);
        if (e->alarms)
            alarms_free(e->alarms);
        counters_free(e->counters);
        run_recorder_close(e->recorder);
        free(e->env.clusters);
        free(e->clusters);
        free(e);
        return rc;
    }
    make_env(e);
    e->cluster_count = options->place_count;
    for (size_t i = 0; i < e->cluster_count; i++)
        engine_cluster_init(&e->clusters[i], e, &options->places[i]);
    e->o.places = NULL; /* copied */
    e->turn = (struct defer){.call = engine_once_over, .data = e};
    e->ended = (struct defer){.call = run_has_ended, .data = e};
    deadline_init(options->loop, &e->grace, grace_over, e);
    e->prune = (struct alarm){.ring = retention_rang, .data = e};
    e->head = (struct alarm){.ring = head_rang, .data = e};
    deadline_init(options->loop, &e->patience, impatient, e);
    e->handles = 2 + (int)e->cluster_count;
    *out = e;
    return 0;
}
