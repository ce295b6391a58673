/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a command: configuration, log and loop; the journal; and the end, at which nothing may be left. */
#include "cli/session/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/last_word.h"
#include "base/log_journal.h"
#include "cli/session/command.h"
#include "cli/session/hand.h"
#include "cli/terminal/terminal.h"
#include "events/events.h"
#include "loop/threads.h"
#include "loop/timer.h"
#include "outside/outbox.h"
#include "outside/outside.h"
#include "store/store.h"

#define CLOCK_VARIABLE "MPIJOBD_CLOCK"
#define EVENTS_MS 5000 /* for what a command has changed */
#define THREADS 8      /* beside libuv's: the journal's, those of the output, those that look up names */
#define BRIEF_MS 30000 /* for a command that has the state */
#define AGAIN_MS 50    /* between two tries */
#define DRAIN_MS 15000 /* for notifications, after the runs of --once */

const struct error *session_told(const struct session *s, const struct error *err, struct error *own)
{
    const struct mpijob_kind *kind = s->options.job_kind;
    if (!err || !err->no_path || !s->cluster || !kind || !mpijob_kind_described(kind))
        return err;
    cluster_tell_unserved(s->cluster, kind, own);
    own->no_path = true;
    return own;
}

int session_fail(const struct session *s, const struct error *err)
{
    struct error own;
    if (!s->quiet)
        fprintf(stderr, "mpijobd %s: %s\n", s->command, session_told(s, err, &own)->message);
    return EXIT_FAILED;
}

static int read_log_options(struct session *s)
{
    const struct options *o = &s->options;
    log_init(&s->log, STDERR_FILENO, &s->clock);
    s->log.level = s->config.log_level;
    s->log.format = s->config.log_format;
    s->log.levels = &s->levels;
    s->log.began = clock_now(&s->clock);
    if (o->log_time && strcmp(o->log_time, "relative") == 0)
        s->log.times = LOG_TIMES_RELATIVE;
    else if (o->log_time && strcmp(o->log_time, "local") == 0)
        s->log.times = LOG_TIMES_LOCAL;
    else if (o->log_time && strcmp(o->log_time, "utc") != 0)
        return error_set(&s->error, ERR_INVALID, "--log-time takes utc, local or relative, not \"%s\"", o->log_time);
    if (o->log_level && !log_level_parse(o->log_level, &s->log.level) &&
        log_levels_set(&s->levels, o->log_level, &s->error))
        return error_prefix(&s->error, "--log-level");
    if (o->log_format && strcmp(o->log_format, "json") == 0)
        s->log.format = LOG_JSON;
    else if (o->log_format && strcmp(o->log_format, "text") == 0)
        s->log.format = LOG_TEXT;
    else if (o->log_format)
        return error_set(&s->error, ERR_INVALID, "--log-format takes text or json, not \"%s\"", o->log_format);
    s->log.colour = s->log.format == LOG_TEXT && colour_wanted(STDERR_FILENO);
    if (s->log.format == LOG_TEXT && !o->log_format && log_journal_reads(STDERR_FILENO, getenv("JOURNAL_STREAM"))) {
        s->log.journal = log_journal_open(LOG_JOURNAL_SOCKET);
        s->log.format = s->log.journal < 0 ? LOG_TEXT : LOG_JOURNAL;
    }
    return 0;
}

int session_open(struct session *s, const char *command, const struct options *options)
{
    struct rlimit no_core = {0, 0};
    *s = (struct session){.command = command, .options = *options};
    if (!clock_begin(&s->clock, getenv(CLOCK_VARIABLE))) {
        error_set(&s->error, ERR_INVALID,
                  CLOCK_VARIABLE " is \"%s\": it takes a time such as 2026-03-29T00:59:00Z; mend it, or unset it",
                  getenv(CLOCK_VARIABLE));
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN); /* a peer that goes away is an error of that call */
    if (getenv(CLOCK_VARIABLE) && isatty(STDERR_FILENO) && strcmp(command, "run") != 0) /* whose log says it */
        fprintf(stderr, "mpijobd %s: " CLOCK_VARIABLE " is set: the time is %s, not this machine's\n", command,
                getenv(CLOCK_VARIABLE));
    setrlimit(RLIMIT_CORE, &no_core); /* credentials never reach a core file */
#ifndef __SANITIZE_ADDRESS__          /* the leak checker has to attach to the process */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    if (config_load(options->config, &s->config, &s->error))
        return session_fail(s, &s->error);
    if (read_log_options(s)) {
        config_free(&s->config);
        session_fail(s, &s->error);
        return EXIT_USAGE;
    }
    last_word_on_abort();
    int rc = uv_loop_init(&s->loop);
    if (rc) {
        config_free(&s->config);
        error_set(&s->error, ERR_LIMIT, "the loop cannot be made: %s; see the limits of the process (ulimit -n, -v)",
                  uv_strerror(rc));
        return session_fail(s, &s->error);
    }
    defer_queue_open(&s->loop, &s->soon);
    if (threads_start(&s->loop, THREADS, &s->error)) {
        session_fail(s, &s->error);
        return session_close(s, EXIT_FAILED);
    }
    return 0;
}

struct site session_site(struct session *s)
{
    return (struct site){.loop = &s->loop,
                         .soon = &s->soon,
                         .clock = &s->clock,
                         .log = &s->log,
                         .cluster = s->cluster,
                         .name = s->cluster ? cluster_name(s->cluster) : NULL,
                         .state = hand_state(s->by_hand),
                         .namespaces = (const char *const *)s->namespaces};
}

void session_events(struct session *s, struct site *site)
{
    const char *who = hand_who(s->by_hand);
    if (s->config.events && !s->options.dry_run)
        site->events = events_new(site, who ? who : "", NULL);
}

void session_events_end(struct session *s, struct site *site)
{
    events_flush(site->events, EVENTS_MS);
    while (site->events && site->open && uv_run(&s->loop, UV_RUN_ONCE)) {
    }
    events_free(site->events);
    site->events = NULL;
}

void session_wait(struct session *s)
{
    while (!s->flag && uv_run(&s->loop, UV_RUN_ONCE)) {
    }
    s->flag = false;
}

static void rang(struct deadline *d)
{
    ((struct session *)d->data)->flag = true;
}

void session_pause(struct session *s, uint64_t ms)
{
    struct deadline d;
    deadline_init(&s->loop, &d, rang, s);
    deadline_set(&d, ms);
    session_wait(s);
    deadline_close(&d, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT);
}

const char *session_state_path(struct session *s, char out[4096])
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (s->options.state || s->config.state)
        snprintf(out, 4096, "%s", s->options.state ? s->options.state : s->config.state);
    else if (geteuid() == 0 || (!home && !state))
        snprintf(out, 4096, "/var/lib/mpijobd/state.db");
    else if (state)
        snprintf(out, 4096, "%s/mpijobd/state.db", state);
    else
        snprintf(out, 4096, "%s/.local/state/mpijobd/state.db", home);
    return out;
}

int session_store(struct session *s)
{
    char path[4096];
    int rc = store_open(&s->loop, session_state_path(s, path), &s->log, &s->store, &s->error);
    for (int waited = 0; rc == ERR_CONFLICT && waited < BRIEF_MS; waited += AGAIN_MS) {
        session_pause(s, AGAIN_MS);
        rc = store_open(&s->loop, path, &s->log, &s->store, &s->error);
    }
    return rc ? session_fail(s, &s->error) : 0;
}

int session_outside(struct session *s)
{
    struct outside_config config = {
        .secrets = {.folder = s->config.secrets, .credentials = getenv("CREDENTIALS_DIRECTORY")},
        .allow = (const char *const *)s->config.http_allow,
        .ca_file = s->config.http_ca,
        .sinks = s->config.sinks,
        .sink_count = s->config.sink_count,
        .servers = s->config.servers,
        .server_count = s->config.server_count,
        .store = s->store,
    };
    if (s->outside)
        return 0;
    if (outside_new(&s->loop, &s->soon, &s->clock, &s->log, s->metrics, &config, &s->outside, &s->error))
        return session_fail(s, &s->error);
    if (s->store)
        outbox_start(s->outside);
    return 0;
}

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

static void tell_left(uv_handle_t *handle, void *data)
{
    (void)data;
    fprintf(stderr, "mpijobd: internal error: a %s handle was left open\n", uv_handle_type_name(handle->type));
}

static void free_aside(struct session *s)
{
    for (size_t i = 0; i < s->aside_count; i++)
        free(s->aside[i].texts);
    free(s->aside);
    s->aside = NULL;
    s->aside_count = 0;
}

int session_close(struct session *s, int code)
{
    free_aside(s);
    s->flag = false;
    if (s->engine) {
        engine_stop(s->engine, 0, closed, s);
        session_wait(s);
    }
    session_close_clusters(s);
    if (s->outside && s->options.once && s->store) { /* nobody else delivers what its runs have said */
        outbox_drain(s->outside, DRAIN_MS, closed, s);
        session_wait(s);
    }
    if (s->outside) {
        outside_close(s->outside, closed, s);
        session_wait(s);
    }
    if (!hand_close(s) && code == EXIT_DONE)
        code = EXIT_FAILED;
    if (s->store) {
        store_close(s->store, closed, s);
        session_wait(s);
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    defer_queue_close(&s->soon, NULL, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&s->loop)) {
        uv_walk(&s->loop, tell_left, NULL);
        code = EXIT_FAILED;
    }
    free(s->cluster_names);
    metrics_free(s->metrics);
    config_free(&s->config);
    return code;
}
