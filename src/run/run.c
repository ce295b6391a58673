/* SPDX-License-Identifier: Apache-2.0 */
/* A run's life, from its beginning in the journal to its end there. */
#include "run/run.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/failpoint.h"
#include "policy/in_force.h"
#include "run/bounds.h"
#include "run/lua_run.h"
#include "run/made_names.h"
#include "run/propose.h"
#include "run/run_canary.h"
#include "run/run_change.h"
#include "run/run_pods.h"
#include "run/run_record.h"
#include "run/run_workloads.h"
#include "run/runs.h"
#include "run/sweep.h"
#include "site/counters.h"
#include "store/journal.h"
#include "store/state.h"

static const char *outcome_name(enum run_outcome outcome)
{
    static const char *const names[] = {NULL, "done", "failed", "limited", "cancelled", "waiting"};
    return names[outcome];
}

const char *run_outcome_name(const struct run *run)
{
    bool told_nobody = run->only_warns && !run->warned && !run->changed;
    if (run->outcome == RUN_DONE && run->failed)
        return told_nobody ? "failed" : "partial";
    return outcome_name(run->outcome);
}

void run_fail(struct run *run, enum run_outcome outcome, const struct error *err)
{
    if (run->outcome != RUN_RUNNING)
        return; /* the first reason counts */
    run->outcome = outcome;
    error_keep(&run->error, err);
}

/* ---- the end ---- */

/* Nothing is under way any more. Where the run was given its jobs, this comes before its end is written to the disk. */
static void hand_back(struct run *run)
{
    run->done(run->data, run);
    if (run->sweep) {
        sweep_free(run->sweep);
        run->sweep = NULL;
        run->feed = NULL; /* its owner may have gone with the listing */
    }
    lua_run_free(run);
    run->feed = NULL;
}

/* Everything that the run did is in the journal now, and only now its end is told. */
static void end_written(void *data, int64_t id, const struct error *err)
{
    struct run *run = data;
    (void)id;
    FAILPOINT("run-ended");
    if (err)
        run_event(run, LOG_ERROR, "the journal cannot be written", LOG_FIELDS({"reason", err->message}));
    run_log_end(run);
    counters_run_ended(run->site->counters, &(struct counters_run){.id = run->id,
                                                                   .policy = run->policy->name,
                                                                   .outcome = run_outcome_name(run),
                                                                   .ended_at = clock_now(run->site->clock),
                                                                   .took_us = run->ended - run->began,
                                                                   .cpu_us = run->cpu});
    DL_DELETE(run->runs->list, run);
    if (run->runs->ended)
        run->runs->ended(run->runs->data, run);
    if (!run->handed_back)
        hand_back(run);
    policy_set_release(run->file->set);
    error_keep(&run->error, NULL);
    run_propose_free(run);
    run_free_names(run);
    free(run->blamed);
    free(run);
}

static struct store_run row_of(const struct run *run)
{
    return (struct store_run){
        .id = run->id,
        .policy = run->policy->name,
        .cluster = cluster_name(run->site->cluster),
        .trigger = run->trigger,
        .scheduled_at = run->scheduled_at,
        .started_at = run->started_at,
        .ended_at = clock_now(run->site->clock),
        .outcome = run_outcome_name(run),
        .message = run->error   ? run->error->message
                   : *run->note ? run->note
                                : NULL,
        .changed = run->changed,
        .unchanged = run->unchanged,
        .failed = run->failed,
        .dry_run = run->dry_run,
        .who = *run->asked_by ? run->asked_by : NULL,
        .who_uid = run->asked_uid,
        .parts = run->site->shard.of,
        .part = run->site->shard.index,
        .file = run->policy->file,
        .file_sha256 = *run->file->sha256 ? run->file->sha256 : NULL,
        .traceparent = *run->trace.text ? run->trace.text : NULL,
    };
}

void run_check_end(struct run *run)
{
    if (!run->script_ended || run->changes || run->reading || run->closing || run->keeping)
        return;
    if (run_propose_end(run))
        return;
    struct journal *journal = run->id ? run->site->journal : NULL;
    run->closing = true;
    run_bounds_end(run);
    run_canary_end(run);
    run->ended = clock_monotonic();
    run_fail(run, RUN_DONE, NULL);
    struct store_run row = row_of(run);
    bool fed = run->feed != NULL;
    run_record_end(run);
    run->handed_back = fed;
    if (fed)
        hand_back(run); /* the next batch begins */
    if (!journal || run->leave_open)
        end_written(run, run->id, NULL);
    else
        state_run_end(run->site->state, &row, fed, end_written, run);
}

/* ---- the coroutine ---- */

static void script_done_now(void *data, struct script_run *script, lua_State *L, const struct error *err)
{
    (void)L;
    struct run *run = data;
    if (err) /* as long as nothing of it can end the run */
        run_changes_hold_back(run);
    run->cpu = script_run_cpu(script);
    run->script = NULL;
    run->script_ended = true;
    run_pods_free(run);
    run_workloads_free(run);
    if (run->sweep)
        sweep_stop(run->sweep);
    if (err) {
        run_changes_stop_waiting(run); /* the script is not there any more to hear of effects */
        run_fail(run,
                 err->code == ERR_CANCELLED ? RUN_CANCELLED
                 : err->code == ERR_LIMIT   ? RUN_LIMITED
                                            : RUN_FAILED,
                 err);
        if (strchr(err->message, '\n'))
            run_event(run, LOG_ERROR, err->message, NULL);
    }
    run_check_end(run);
}

static int enter_function(lua_State *L, void *data)
{
    struct run *run = data;
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->function);
    lua_run_push(L);
    return 1;
}

static bool writes(const struct run *run)
{
    return run->policy->action != ACTION_RUN && !run->host && !run_looks(run);
}

static void start_script(struct run *run)
{
    struct error err;
    run_record_begin(run);
    if (!run->stopping && writes(run) && policy_possible(run->policy, run->site->cluster, &err)) {
        run_fail(run, RUN_FAILED, &err);
        run->script_ended = true;
        run_check_end(run);
        return;
    }
    struct script_call call = {
        .entry = run->sweep ? sweep_enter : enter_function,
        .done = script_done_now,
        .data = run,
        .limits = run->policy->limits,
        .policy = run->policy->name,
    };
    if (!run->stopping && run->host) {
        run->host->begun(run->data, run);
        return;
    }
    if (!run->stopping && script_start(run->file->script, &call, &run->script, &err) == 0)
        return;
    if (run->stopping)
        error_set(&err, ERR_CANCELLED, "stopped before it began");
    run_fail(run, run->stopping ? RUN_CANCELLED : RUN_FAILED, &err);
    run->script_ended = true;
    run_check_end(run);
}

static void begun(void *data, int64_t id, const struct error *err)
{
    struct run *run = data;
    run->id = err ? 0 : id;
    run_log_start(run);
    if (err) {
        struct error told = *err;
        error_prefix(&told, "policy \"%s\" does not run, because the journal cannot be written", run->policy->name);
        run_fail(run, RUN_FAILED, &told);
        run->script_ended = true;
        run_check_end(run);
        return;
    }
    start_script(run);
}

void run_host_used(struct run *run, int64_t cpu)
{
    run->cpu += cpu;
    run_pods_free(run); /* the next script counts them again */
    run_workloads_free(run);
    run_changes_stop_waiting(run);
}

void run_host_end(struct run *run)
{
    run->script_ended = true;
    run_check_end(run);
}

int run_start(struct runs *runs, const struct run_call *call, struct run **out, struct error *err)
{
    int rc = !call->host && runs->may_begin ? runs->may_begin(runs->data, err) : 0;
    if (rc)
        return rc;
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return error_nomem(err);
    *run = (struct run){
        .runs = runs,
        .site = runs->site,
        .file = call->file,
        .policy = call->policy,
        .trigger = call->trigger,
        .scheduled_at = call->scheduled_at,
        .started_at = clock_now(runs->site->clock),
        .began = clock_monotonic(),
        .who = policy_who(call->file, call->policy),
        .dry_run = runs->site->dry_run || call->policy->dry_run || call->dry_run,
        .goes_on = call->goes_on || call->resumes,
        .grant_max = call->policy->changes_max,
        .done = call->done,
        .data = call->data,
    };
    run->feed = call->feed;
    snprintf(run->asked_by, sizeof run->asked_by, "%s", call->asked_by ? call->asked_by : "");
    run->asked_uid = call->asked_uid;
    struct trace asked = {""};
    if (call->traceparent)
        trace_parse(call->traceparent, &asked);
    trace_step(&asked, &run->trace);
    run->only_warns = run_warns(run);
    if (run_is_early(run))
        snprintf(run->note, sizeof run->note,
                 run_warns(run) ? "it warned of what is to come"
                                : "it looked at which jobs match, and changed nothing");
    run->left = call->left;
    run->host = call->host;
    run->approved = call->approved;
    if (run->approved)
        run->grant_max = -1;
    run->reads_only = call->reads_only;
    run->override = call->override;
    if (!run->host && (call->policy->action != ACTION_RUN || run_looks(run))) {
        run->sweep = sweep_new(run, call->resumes, err);
        if (!run->sweep) {
            free(run);
            return ERR_NOMEM;
        }
    }
    policy_set_hold(call->file->set);
    DL_APPEND(runs->list, run);
    *out = run;
    if (run->site->journal) {
        struct store_run row = row_of(run);
        row.ended_at = 0;
        row.outcome = NULL;
        row.message = NULL;
        if (run->sweep && run->feed) { /* goes to the disk with the first intent, so that one wait serves both */
            run->id = journal_run_begin_soon(run->site->journal, &row, NULL, NULL);
            run_log_start(run);
            start_script(run);
        } else {
            state_run_begin(run->site->state, &row, begun, run);
        }
    } else {
        run_log_start(run);
        start_script(run);
    }
    return 0;
}

void run_stop(struct run *run, const char *why, bool leave_open)
{
    if (run->stopping || run->closing)
        return;
    run->stopping = true;
    struct error err;
    error_set(&err, ERR_CANCELLED, "%s", why);
    run_fail(run, RUN_CANCELLED, &err);
    run->leave_open = leave_open && !run->feed; /* a feed's jobs are found again in any case */
    struct script_run *script = run->script;
    run_changes_hold_back(run); /* may free the run, where it has no script any more */
    if (script)
        script_cancel(script, why);
}

void run_abandon(struct run *run)
{
    if (!run->stopping) {
        run_stop(run, "given up", true); /* may free the run, where nothing is under way */
        return;
    }
    run_changes_abandon(run);
}

struct listing *run_listing(const struct run *run, void (*ready)(void *data), void *data, struct error *err)
{
    struct listing_call call = {
        .site = run->site,
        .watches = run->runs->watches,
        .match = run->policy->match,
        .seat = run_seat(run),
        .policy = run->policy->name,
        .run = run->id,
        .ready = ready,
        .data = data,
    };
    if (run->feed)
        return run->feed->jobs;
    struct listing *listing = listing_of_policy(&call, run->policy, err);
    return run->left ? listing_without(listing, run->left, err) : listing;
}

/* ---- a job's own failure ---- */

void run_settle(const struct run *run, const char *key, enum job_end end, struct str seen,
                const struct change_result *result, const struct error *err)
{
    if (run->feed)
        run->feed->settled(run->feed->data, key, end, seen, result, err);
}

void run_job_failed(struct run *run, const char *key, struct str seen, const char *message)
{
    char first[ERROR_MESSAGE_MAX]; /* a traceback is logged once for the run, not for each of a thousand jobs */
    snprintf(first, sizeof first, "%.*s", run->traced ? (int)strcspn(message, "\n") : (int)sizeof first - 1, message);
    run->traced = run->traced || strchr(message, '\n');
    run->failed++;
    run_settle(run, key, JOB_FAILED, seen, NULL, run_workloads_error(run));
    run_event(run, LOG_ERROR, first, LOG_FIELDS({"job", key}));
    if (run->runs->observe) {
        static const struct mpijob_diff no_diff;
        static const char *const none[] = {NULL};
        struct change_result result = {.diff = &no_diff,
                                       .child = &no_diff,
                                       .child_called = "child",
                                       .child_told = "child",
                                       .warnings = none,
                                       .why = ""};
        struct error err;
        error_set(&err, ERR_SCRIPT, "%s", message);
        run->runs->observe(run->runs->data, run, key, &result, &err);
    }
}
