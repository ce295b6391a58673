/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd run: the daemon. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/program_version.h"
#include "cli/run/cmd_run.h"
#include "cli/run/manual_clock.h"
#include "cli/run/once_tell.h"
#include "cli/run/run_approvals.h"
#include "cli/run/run_control.h"
#include "cli/run/run_fold.h"
#include "cli/run/run_http.h"
#include "cli/run/run_lead.h"
#include "cli/run/run_limits.h"
#include "cli/run/run_service.h"
#include "cli/run/run_shards.h"
#include "cli/session/policies.h"
#include "cli/session/tripped.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "control/verbs/lines.h"
#include "guard/crash.h"
#include "guard/mark.h"
#include "guard/parent.h"
#include "guard/quarantine.h"
#include "guard/watchdog.h"
#include "loop/lag.h"
#include "loop/signals.h"
#include "store/store.h"
#include "time/duration.h"

#define OUTPUT_PATIENCE_MS 1500 /* at the end, for what nobody reads */

struct daemon {
    struct session s;
    struct signals signals;
    struct run_service service;
    struct manual_clock manual;
    struct run_http http;
    struct run_control control;
    struct run_lead lead;
    struct run_shared shared;
    struct run_shards shards;
    struct lag lag;
    struct run_fold fold;
    struct metric *lag_seconds, *lag_cpu_seconds, *journal_failures;
    struct guard_shared *guard;
    struct watchdog *watchdog;
    struct quarantine quarantine;
    uint64_t grace_ms;
    bool serving; /* before that, signals are only noted */
    bool stop_asked, reload_asked;
    int64_t runs, changed, unchanged, failed, broken, limited, waiting, cancelled;
    struct progress progress; /* of --once */
};

static void one_more(void *data, const struct run *run, const char *job, const struct change_result *result,
                     const struct error *err)
{
    struct daemon *d = data;
    (void)run;
    (void)job;
    (void)result;
    (void)err;
    progress_job(&d->progress, 0);
}

static void run_ended(void *data, const struct run *run)
{
    struct daemon *d = data;
    d->runs++;
    d->changed += run->changed;
    d->unchanged += run->unchanged;
    d->failed += run->failed;
    d->broken += run->outcome == RUN_FAILED;
    d->waiting += run->outcome == RUN_WAITING;
    d->limited += run->outcome == RUN_LIMITED || run->outcome == RUN_WAITING;
    d->cancelled += run->outcome == RUN_CANCELLED;
}

static void tripped(void *data, const struct paused_mark *mark)
{
    session_tripped(&((struct daemon *)data)->s, mark);
}

static void waits(void *data, const struct approval *approval, bool soon)
{
    run_waits_tell(&((struct daemon *)data)->s, approval, soon);
}

static void stopped(void *data)
{
    struct daemon *d = data;
    run_http_stop(&d->http);
    run_control_close(&d->control);
    d->s.engine = NULL;
    d->s.flag = true;
}

static void reload(void *data)
{
    struct daemon *d = data;
    if (!d->serving)
        d->reload_asked = true;
    else if (d->s.engine)
        run_service_reload(&d->service);
}

static void stop(void *data, int number)
{
    struct daemon *d = data;
    (void)number;
    terminal_patience(OUTPUT_PATIENCE_MS);
    d->stop_asked = true;
    if (!d->serving) {
        for (size_t i = 0; i < d->s.cluster_count; i++) {
            if (d->s.clusters[i].cluster)
                cluster_connect_cancel(d->s.clusters[i].cluster);
        }
        return;
    }
    if (!d->s.engine || engine_look(d->s.engine).stopping) {
        log_line(&d->s.log, LOG_WARN, "already stopping: what is in flight is waited for until the grace time is over");
        return;
    }
    log_line(&d->s.log, LOG_INFO, "stopping: what is in flight is finished first, for at most %" PRIu64 " s",
             d->grace_ms / 1000);
    run_service_stopping(&d->service);
    engine_stop(d->s.engine, d->grace_ms, stopped, d);
}

/* Standard input, which moves the clock, has ended: the test is over. */
static void clock_gone(void *data)
{
    stop(data, SIGTERM);
}

static void once_done(void *data)
{
    struct daemon *d = data;
    if (!engine_look(d->s.engine).stopping)
        engine_stop(d->s.engine, 0, stopped, d);
}

static int once_code(struct daemon *d)
{
    progress_end(&d->progress);
    log_fold_flush(&d->s.log); /* what the log says comes before the sum of it */
    if (d->s.log.outlet)
        outlet_settle(d->s.log.outlet, OUTPUT_PATIENCE_MS);
    once_tell(&d->s, &(struct once_counts){d->runs, d->changed, d->unchanged, d->failed, d->waiting, d->broken});
    if (d->broken || d->cancelled || d->s.lost || (d->stop_asked && !d->runs))
        return EXIT_FAILED;
    return d->limited ? EXIT_LIMITED : d->failed ? EXIT_SOME_FAILED : EXIT_DONE;
}

/* ---- metrics and health ---- */

static void collect(void *data)
{
    struct daemon *d = data;
    struct lag_times lag = lag_take(&d->lag);
    metric_set(d->lag_seconds, lag.seconds, NULL);
    metric_set(d->lag_cpu_seconds, lag.cpu, NULL);
    metric_set(d->journal_failures, (double)store_failures(d->s.store), NULL);
}

static int count_things(struct daemon *d)
{
    static const char *const labels[] = {"version", NULL};
    struct session *s = &d->s;
    s->metrics = metrics_new("mpijobd_");
    if (!s->metrics || metrics_collector(s->metrics, collect, d, &s->error) || run_fold_count(&d->fold, &s->error))
        return session_fail(s, (error_nomem(&s->error), &s->error));
    d->journal_failures = metrics_counter(s->metrics, "journal_write_failures", NULL,
                                          "What could not be written to the journal or the state.", NULL);
    d->lag_seconds = metrics_gauge(s->metrics, "loop_lag_seconds", "seconds",
                                   "The longest that the loop was busy at a stretch since the last look.", NULL);
    d->lag_cpu_seconds = metrics_gauge(s->metrics, "loop_lag_cpu_seconds", "seconds",
                                       "The most that the loop computed at a stretch since the last look.", NULL);
    metric_set(metrics_gauge(s->metrics, "build_info", NULL, "This program.", labels), 1,
               METRIC_VALUES(mpijobd_version));
    metric_set(metrics_gauge(s->metrics, "leader", NULL, "1: this daemon's policies run.", NULL),
               !run_lead_wanted(s) && !session_shares(s), NULL);
    return 0;
}

static void hide(struct daemon *d)
{
    run_http_stop(&d->http);
    run_control_close(&d->control);
    run_http_close(&d->http);
}

static int serve(struct daemon *d)
{
    struct session *s = &d->s;
    d->serving = true;
    uv_ref((uv_handle_t *)&d->signals.handles[0]); /* a daemon that has nothing to do waits all the same */
    if (s->clock.ahead_us)
        log_event(&s->log, LOG_WARN, "MPIJOBD_CLOCK is set: the time is not this machine's", NULL);
    if (s->clock.manual)
        manual_clock_start(&d->manual, s, d->fold.alarms, clock_gone, d);
    if (s->options.once)
        engine_once(s->engine, once_done, d);
    else
        engine_start(s->engine);
    if (d->lead.lead)
        lead_start(d->lead.lead);
    run_shards_start(&d->shards);
    run_service_ready(&d->service);
    if (d->reload_asked)
        run_service_reload(&d->service);
    session_wait(s);
    run_shards_close(s, &d->shards);
    run_shared_close(&d->shared);
    run_lead_close(s, &d->lead);
    if (s->clock.manual)
        manual_clock_stop(&d->manual);
    return s->options.once ? once_code(d) : EXIT_DONE;
}

/* The net under the daemon: whatever hangs or crashes it from here on ends it, and does not hold up its end. */
static int watch_over(struct daemon *d)
{
    struct session *s = &d->s;
    atomic_store(&d->guard->json, s->log.format == LOG_JSON);
    mark_to(NULL, d->guard, s->log.outlet);
    crash_guard();
    if (watchdog_start(&s->loop, s->config.stall, d->grace_ms, &d->watchdog, &s->error))
        return session_fail(s, &s->error);
    watchdog_note_signals();
    return 0;
}

/* From here on who hangs or crashes the daemon is written down. */
static int open_quarantine(struct daemon *d)
{
    struct session *s = &d->s;
    char path[4096];
    session_state_path(s, path);
    if (quarantine_open(&d->quarantine, strcmp(path, ":memory:") == 0 ? NULL : path, d->guard, &s->error))
        return session_fail(s, &s->error);
    if (quarantine_compact(&d->quarantine, &s->error))
        log_event(&s->log, LOG_WARN, "the list of policies in quarantine could not be made shorter; it stays as it was",
                  LOG_FIELDS({"reason", s->error.message}));
    mark_to(d->quarantine.path, d->guard, s->log.outlet);
    return 0;
}

static int prepare(struct daemon *d)
{
    struct session *s = &d->s;
    struct engine_options e = {.dry_run = s->options.dry_run,
                               .once = s->options.once,
                               .override = s->options.override,
                               .tell_head = !s->options.once,
                               .watch_files = s->config.reload_watch && !s->options.no_watch,
                               .quarantine = &d->quarantine,
                               .tripped = tripped,
                               .waits = waits,
                               .observe = s->options.once ? one_more : NULL,
                               .ended = run_ended,
                               .data = d};
    s->acts = s->options.once;
    if (s->options.once) {
        progress_begin(&d->progress);
        s->log.unfinished = &d->progress.on; /* where lines are written by another thread, they may come behind it */
    }
    session_scope(s, true);
    int code = policies_named(s, s->options.arguments);
    if (!code)
        code = count_things(d);
    if (!code)
        code = session_clusters(s);
    if (!code && run_limits(s, &e.watches_max))
        code = session_fail(s, &s->error);
    if (!code)
        code = session_store(s);
    if (!code && run_state_open(s, &d->lead, &d->shared, &e, &s->error))
        code = session_fail(s, &s->error);
    if (!code && s->options.once)
        run_shared_paused(s, &d->shared);
    if (!code && run_shards_open(s, &d->shards, &e, &s->error))
        code = session_fail(s, &s->error);
    if (!code)
        code = open_quarantine(d);
    if (!code)
        code = run_http_open(s, &d->http);
    if (!code && s->options.once) {
        enum log_level level = s->log.level;
        code = session_connect(s);
        s->log.level = level;
    }
    if (code)
        return code;
    watchdog_time_turns(d->watchdog);
    if (run_approvers_open(s, &d->control.approvers))
        return session_fail(s, &s->error);
    e.approvers = d->control.approvers;
    code = policies_load(s, &e, s->options.arguments);
    if (!code)
        code = run_control_open(s, &d->quarantine, d->http.web != NULL, &d->control);
    if (!code)
        run_http_serve(s, &d->http, d->control.control);
    return code;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct daemon d = {.grace_ms = 30000};
    struct options o;
    struct error err;
    int64_t grace;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    struct clock manual = {.manual = true, .manual_us = clock_now(NULL)};
    if (o.clock && strcmp(o.clock, "manual") != 0 && !clock_parse(o.clock, &manual.manual_us))
        return command_usage(command, "--clock takes \"manual\", or the time to begin at, as 2026-03-29T00:59:00Z");
    if (o.override && !o.once)
        return command_usage(command, "--override goes with --once: a daemon keeps to the windows of its policies");
    if (o.grace) {
        if (duration_parse(o.grace, &grace, &err))
            return command_usage(command, "--grace: %s", err.message);
        d.grace_ms = (uint64_t)grace / 1000;
    }
    bool by_hand = o.clock && isatty(STDIN_FILENO); /* behind a parent it could not read from the terminal */
    d.guard = o.once || o.no_supervisor || by_hand ? parent_none() : parent_start(argc, argv);
    if (!d.guard)
        return (fputs("mpijobd run: out of memory\n", stderr), EXIT_FAILED);
    atomic_store(&d.guard->grace_ms, (int64_t)d.grace_ms);
    d.service.s = &d.s;
    service_take(&d.service.service);
    code = session_open(&d.s, command->name, &o);
    if (code)
        return code;
    if (o.clock)
        d.s.clock = manual;
    if (!o.once)
        terminal_patience(OUTPUT_PATIENCE_MS);
    if (terminal_detach(&d.s.error))
        return session_close(&d.s, session_fail(&d.s, &d.s.error));
    d.s.log.outlet = terminal_outlet();
    d.control.lines = o.once ? NULL : lines_open(&d.s.log);
    lag_init(&d.s.loop, &d.lag);
    service_start(&d.s.loop, &d.service.service);
    if (signals_open(&d.s.loop, &d.signals, stop, reload, &d, &d.s.error)) {
        lag_close(&d.lag);
        service_close(&d.service.service);
        return session_close(&d.s, session_fail(&d.s, &d.s.error));
    }
    code = run_fold_open(&d.s, &d.fold);
    if (!code)
        code = watch_over(&d);
    if (!code)
        code = prepare(&d);
    if (d.stop_asked)
        code = o.once ? EXIT_FAILED : EXIT_DONE;
    else if (!code)
        code = serve(&d);
    hide(&d);
    run_shards_close(&d.s, &d.shards);
    run_shared_close(&d.shared);
    run_lead_close(&d.s, &d.lead);
    lag_close(&d.lag);
    service_close(&d.service.service);
    signals_close(&d.signals, NULL);
    run_fold_close(&d.fold);
    if (d.watchdog)
        watchdog_leave_loop(d.watchdog);
    uv_run(&d.s.loop, UV_RUN_NOWAIT);
    code = session_close(&d.s, code);
    watchdog_stop(d.watchdog);
    quarantine_close(&d.quarantine);
    run_state_free(&d.shared);
    run_fold_end(&d.s);
    lines_close(d.control.lines, &d.s.log);
    approvers_close(d.control.approvers);
    mark_to(NULL, d.guard, NULL);
    log_tell_lost(&d.s.log);
    return code;
}

const struct command cmd_run = {
    "run",
    "[PATH...] [--once] [--dry-run]",
    "The daemon: run the policies of these files and folders",
    TAKES_CLUSTER | TAKES_STATE | TAKES_RUN | TAKES_DRY_RUN | TAKES_LOG | TAKES_SCOPE | TAKES_OUTPUT | TAKES_OVERRIDE,
    run,
    "  mpijobd run policies/                      until SIGTERM; SIGHUP loads the policies again\n"
    "  mpijobd run --once --dry-run policies/     every policy once, telling what it would do\n"};
