/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded run, done again: the world of a test, the clock and the jobs of the recording. */
#include "cli/test/from_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session/command.h"
#include "cli/session/session.h"
#include "cli/terminal/terminal.h"
#include "cli/test/packed.h"
#include "cli/test/recorded_files.h"
#include "cli/test/recorded_plugins.h"
#include "cli/test/replay/replay_answers.h"
#include "cli/test/replay/replay_compare.h"
#include "cli/test/replay/replay_jobs.h"
#include "cli/test/replay/replay_web.h"
#include "cli/test/report.h"
#include "cli/test/world.h"
#include "engine/replay.h"
#include "record/record.h"
#include "store/journal.h"

#define WAITS_MAX 100000 /* pauses of the run (sleep), each until its own instant */

struct from_run {
    struct session s;
    struct store *store; /* the journal's reader */
    long long run;
    struct buf then, now; /* the recording, and that of the run that is done again */
    struct buf plugins;   /* lines on plugins that are others today */
    struct json head;     /* of its first entry */
    struct packed files;  /* the recorded policy, where no other is named */
    char *policy_path[2];
    char policy[64], cluster[256], trigger[32], asked_by[64], name_space[256], version[16], controller[32];
    char *gpus[33];
    struct clock clock; /* of the world */
    struct stand_in stand_in;
    struct world *world;
    struct replay_jobs jobs;
    struct replay_answers answers;
    struct replay_web web;
    struct run_feed feed;
    struct report report;
    struct error failed; /* of a step of the world */
    bool moved, closed;
};

/* ---- the recording ---- */

static bool found(void *data, const struct store_run *run)
{
    (void)run;
    *(bool *)data = true;
    return false;
}

/* There is no recording. Why, and what helps? */
static int not_recorded(struct from_run *f)
{
    struct session *s = &f->s;
    bool there = false;
    struct store_filter filter = {.run = f->run};
    int rc = journal_read_runs(store_journal(f->store), &filter, false, found, &there, &s->error);
    if (rc)
        return rc;
    if (!there)
        return error_set(&s->error, ERR_NOT_FOUND, "there is no run %lld; mpijobd runs lists those that there are",
                         f->run);
    return error_set(
        &s->error, ERR_NOT_FOUND,
        "run %lld was not recorded, or its recording had to leave for newer ones. Runs are recorded where "
        "mpijobd.yaml says journal: { record: 64MiB }, or by mpijobd run --record; a larger size keeps more "
        "of them",
        f->run);
}

static void take_text(const struct from_run *f, const char *pointer, char *out, size_t size)
{
    json_string_at(f->head, pointer, out, size);
}

static int read_head(struct from_run *f)
{
    struct record_entry e;
    size_t at = 0, n = 0;
    record_next(buf_str(&f->then), &at, &e);
    f->head = e.head;
    take_text(f, "/policy", f->policy, sizeof f->policy);
    take_text(f, "/cluster", f->cluster, sizeof f->cluster);
    take_text(f, "/trigger", f->trigger, sizeof f->trigger);
    take_text(f, "/asked_by", f->asked_by, sizeof f->asked_by);
    take_text(f, "/namespace", f->name_space, sizeof f->name_space);
    take_text(f, "/version", f->version, sizeof f->version);
    take_text(f, "/controller", f->controller, sizeof f->controller);
    for (struct json_iter it = json_iter(json_get(f->head, "gpus")); json_next(&it) && n < 32; n++) {
        char glob[256];
        json_string_at(it.value, "", glob, sizeof glob);
        f->gpus[n] = str_dup(str_of(glob));
        if (!f->gpus[n])
            return error_nomem(&f->s.error);
    }
    return 0;
}

static int read_recording(struct from_run *f)
{
    struct session *s = &f->s;
    char path[4096];
    int rc = store_open_reader(session_state_path(s, path), &f->store, &s->error);
    if (!rc)
        rc = record_read(store_journal(f->store), f->run, &f->then, &s->error);
    if (rc == ERR_NOT_FOUND && f->store)
        rc = not_recorded(f);
    return rc ? rc : read_head(f);
}

/* ---- the world ---- */

static void moved(void *data, const struct error *err)
{
    struct from_run *f = data;
    f->moved = true;
    f->failed = err ? *err : (struct error){0};
}

static int advance(struct from_run *f, int64_t until)
{
    f->moved = false;
    world_advance(f->world, until, moved, f);
    while (!f->moved && uv_run(&f->s.loop, UV_RUN_ONCE)) {
    }
    f->s.error = f->failed;
    return f->failed.code;
}

static int open_world(struct from_run *f)
{
    struct session *s = &f->s;
    int64_t started = 0;
    json_int64(json_get(f->head, "started_at"), &started);
    f->clock = (struct clock){.manual = true, .manual_us = started};
    stand_in_open(&f->stand_in);
    struct world_options o = {
        .loop = &s->loop,
        .soon = &s->soon,
        .clock = &f->clock,
        .v1alpha2 = strcmp(f->version, "v1alpha2") == 0,
        .v1 = strcmp(f->version, "v1") == 0,
        .v2beta1 = strcmp(f->version, "v2beta1") == 0,
        .siblings = true,
        .kinds = true,
        .controller = f->controller,
        .stand_in = &f->stand_in,
        .name_space = f->name_space,
        .cluster = f->cluster,
        .gpus = f->gpus[0] ? (const char *const *)f->gpus : NULL,
        .dry_run = json_is_true(json_get(f->head, "dry_run")),
        .replays = f->run,
        .again = {replay_reads_clock, replay_gets_workload, &f->jobs},
    };
    int rc = world_new(&o, &f->world, &s->error);
    if (!rc)
        rc = replay_answers_open(&f->answers, buf_str(&f->then), &s->error);
    if (!rc)
        rc = replay_web_open(&f->web, buf_str(&f->then), &s->error);
    if (rc)
        return rc;
    replay_jobs_init(&f->jobs, buf_str(&f->then), &f->clock);
    f->stand_in.recorded = &f->web;
    f->answers.jobs = &f->jobs;
    f->answers.clock = &f->clock;
    f->answers.run = f->run;
    struct wire *wire = world_wire(f->world);
    wire->instead = replay_answer;
    wire->data = &f->answers;
    char **paths = s->options.arguments[0] ? s->options.arguments : f->policy_path;
    world_load(f->world, (const char *const *)paths, s->config.plugins, s->config.plugin_count);
    return advance(f, INT64_MIN);
}

/* The policy of that name; NULL: these files do not have it. */
static const struct policy *policy_of(const struct from_run *f)
{
    const struct policy_set *set = engine_policies(world_engine(f->world));
    for (size_t i = 0; set && i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, f->policy) == 0) {
            set->entries[i].policy->wait_effect = 0; /* there are no pods here to show it */
            return set->entries[i].policy;
        }
    }
    return NULL;
}

/* It ends when nothing of it is under way; where it sleeps, the clock goes on to the end of that. */
static int until_ended(struct from_run *f)
{
    struct engine *engine = world_engine(f->world);
    for (int i = 0; i < WAITS_MAX; i++) {
        int64_t next = engine_next(engine);
        int rc = advance(f, i ? next : INT64_MIN);
        if (rc || !engine_look(engine).runs)
            return rc;
        if (i && next == INT64_MAX)
            break;
    }
    return error_set(&f->s.error, ERR_TIMEOUT,
                     "the run does not end here: it waits for something that is not in its recording");
}

static int do_again(struct from_run *f)
{
    struct session *s = &f->s;
    const struct policy *policy = policy_of(f);
    int64_t due = 0;
    json_int64(json_get(f->head, "scheduled_at"), &due);
    f->jobs.cluster = world_cluster(f->world);
    if (policy) {
        f->jobs.match = policy->match;
        f->jobs.kinds = &policy->kinds;
    }
    struct replay_call call = {
        .policy = f->policy,
        .cluster = f->cluster,
        .trigger = f->trigger,
        .scheduled_at = due,
        .asked_by = *f->asked_by ? f->asked_by : NULL,
        .jobs = &f->jobs.listing,
        .feed = &f->feed,
    };
    f->answers.begun = true;
    int rc = engine_replay(world_engine(f->world), &call, &s->error);
    if (!rc)
        rc = until_ended(f);
    return rc ? rc : record_read(world_journal(f->world), f->run, &f->now, &s->error);
}

static void world_closed(void *data)
{
    ((struct from_run *)data)->closed = true;
}

static void close_world(struct from_run *f)
{
    if (!f->world)
        return;
    world_close(f->world, world_closed, f);
    while (!f->closed && uv_run(&f->s.loop, UV_RUN_ONCE)) {
    }
    replay_answers_close(&f->answers);
    replay_web_close(&f->web);
    replay_jobs_free(&f->jobs);
    stand_in_close(&f->stand_in);
}

/* ---- what came of it ---- */

static void tell(struct from_run *f, const char *name, enum spec_verdict verdict, const char *message)
{
    char text[768];
    snprintf(text, sizeof text, "%s", name);
    struct spec_test test = {.name = text};
    struct spec_result result = {.verdict = verdict, .message = message};
    report_add(&f->report, f->policy, &test, &result);
}

static void compared(void *data, const struct replay_told *what)
{
    tell(data, what->name, *what->message ? SPEC_FAILURE : SPEC_SUCCESS, what->message);
}

/* The first call of the run whose answer is in no recording. */
static void first_call(const struct from_run *f, char *out, size_t size)
{
    struct record_entry e;
    char kind[16] = "";
    for (size_t at = 0; strcmp(kind, "call") != 0 && record_next(buf_str(&f->now), &at, &e);)
        json_string_at(e.head, "/entry", kind, sizeof kind);
    if (strcmp(kind, "call") == 0)
        json_string_at(e.head, "/name", out, size);
}

/* What the run asked that nobody could answer here. */
static void tell_unanswered(struct from_run *f)
{
    char text[640] = "", name[64], call[64] = "";
    first_call(f, call, sizeof call);
    if (*f->answers.unanswered)
        snprintf(text, sizeof text, "it asks the API server %s, and that answer is not recorded",
                 f->answers.unanswered);
    else if (f->stand_in.unanswered)
        snprintf(text, sizeof text, "it asks a web server: %s", f->stand_in.unanswered);
    else if (*call)
        snprintf(text, sizeof text, "it calls %s, and what that gave is not recorded", call);
    snprintf(name, sizeof name, "run %lld asks only what its recording answers", f->run);
    if (*text)
        tell(f, name, SPEC_ERROR, text);
}

static int report(struct from_run *f)
{
    bool dots = f->s.options.output == OUTPUT_TABLE;
    char when[32];
    int64_t started = 0;
    json_int64(json_get(f->head, "started_at"), &started);
    clock_format(started, false, when);
    if (dots)
        printf("run %lld of %s (%s), %s: %zu job%s given%s\n", f->run, f->policy, f->trigger, when, f->jobs.given,
               f->jobs.given == 1 ? "" : "s", f->s.options.arguments[0] ? ", to the policy that was named" : "");
    if (dots && f->jobs.left)
        printf("%zu more job%s of the recording do%s not match\n", f->jobs.left, f->jobs.left == 1 ? "" : "s",
               f->jobs.left == 1 ? "es" : "");
    FILE *to = dots ? stdout : stderr; /* other forms are for programs */
    if (f->s.options.arguments[0])
        fprintf(
            to,
            "jobs that run %lld was not given are not looked at: what a wider match would take besides does not show\n",
            f->run);
    fputs(f->plugins.ptr ? f->plugins.ptr : "", to);
    report_begin(&f->report, f->s.options.output, colour_wanted(STDOUT_FILENO));
    if (f->s.options.output == OUTPUT_TAP)
        puts("TAP version 13");
    int objects = replay_compare(buf_str(&f->then), buf_str(&f->now), f->run, compared, f);
    tell_unanswered(f);
    bool good = objects >= 0 && !f->report.counts[SPEC_FAILURE] && !f->report.counts[SPEC_ERROR];
    report_end(&f->report);
    return good ? EXIT_DONE : EXIT_FAILED;
}

static int make(struct from_run *f)
{
    const struct config *config = &f->s.config;
    int rc = read_recording(f);
    if (!rc)
        rc = recorded_plugins_compare(buf_str(&f->then), f->run, config->plugins, config->plugin_count,
                                      !f->s.options.arguments[0], &f->plugins, &f->s.error);
    if (!rc && !f->s.options.arguments[0])
        rc = recorded_files_write(&f->files, buf_str(&f->then), f->policy_path, &f->s.error);
    if (!rc)
        rc = open_world(f);
    if (!rc)
        rc = do_again(f);
    return rc ? session_fail(&f->s, &f->s.error) : report(f);
}

int from_run(const struct options *options)
{
    struct from_run *f = calloc(1, sizeof *f);
    if (!f) {
        fprintf(stderr, "mpijobd test: out of memory\n");
        return EXIT_FAILED;
    }
    int code = session_open(&f->s, "test", options);
    if (code) {
        free(f);
        return code;
    }
    int64_t number;
    if (command_run_number(options->from_run, &number)) {
        f->run = number;
        code = make(f);
    } else {
        error_set(&f->s.error, ERR_INVALID,
                  "--from-run takes the number of a run, as mpijobd runs shows it, not \"%s\"", options->from_run);
        session_fail(&f->s, &f->s.error);
        code = EXIT_USAGE;
    }
    close_world(f);
    store_close(f->store, NULL, NULL);
    packed_close(&f->files);
    free(f->policy_path[0]);
    for (size_t i = 0; f->gpus[i]; i++)
        free(f->gpus[i]);
    buf_free(&f->then);
    buf_free(&f->now);
    buf_free(&f->plugins);
    code = session_close(&f->s, code);
    free(f);
    return code;
}
