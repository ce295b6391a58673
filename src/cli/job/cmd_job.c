/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd job stop and mpijobd job resume: by the lever that works, and as a run of the journal, so that it can be
 * undone. */
#include "cli/job/cmd_job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job/job_print.h"
#include "cli/session/hand.h"
#include "halt/halt.h"
#include "store/journal.h"
#include "time/duration.h"

#define CONCURRENCY 8

struct jobbing {
    struct session s;
    struct site site;
    bool resumes, left; /* left: some job's pods were still there when the time was up */
    uint64_t wait_ms;
    int64_t run; /* its number; 0: none is written */
    int64_t changed, unchanged, failed;
    char **next; /* the names that are still to come */
    unsigned active;
    struct buf json;
    struct json_writer w;
};

struct one {
    struct jobbing *all;
    char key[600];
};

/* ---- one job ---- */

static int start_change(void *data, struct change_call *call, void **change, struct error *err)
{
    struct jobbing *j = data;
    struct change *started;
    call->server_dry_run = call->dry_run;
    call->run = j->run;
    call->awaited = true;
    int rc = change_start(&j->site, call, &started, err);
    *change = started;
    return rc;
}

static void tell(struct jobbing *j, const char *key, const struct halt_result *result, const struct error *err)
{
    struct error own;
    err = session_told(&j->s, err, &own);
    if (j->s.options.output == OUTPUT_JSON)
        job_print_json(&j->w, key, result, err);
    else
        job_print_text(key, j->resumes, result, err);
}

static void start_more(struct jobbing *j);

static void one_done(void *data, const struct halt_result *result, const struct error *err)
{
    struct one *one = data;
    struct jobbing *j = one->all;
    j->failed += err != NULL;
    j->changed += result->changed && !err;
    j->unchanged += !result->changed && !err;
    j->left = j->left || result->gone == EFFECT_NOT_SEEN;
    tell(j, one->key, result, err);
    if (err && err->code == ERR_NOT_FOUND && err->status == 404 && !err->no_path && j->s.options.output != OUTPUT_JSON)
        fputs("another namespace is named by -n, or as NAMESPACE/NAME; another kind as KIND/NAME, like trainjob/NAME\n",
              stderr);
    free(one);
    j->active--;
    start_more(j);
}

static int start_one(struct jobbing *j, const char *name, struct error *err)
{
    struct session *s = &j->s;
    struct halt *halt;
    struct one *one = calloc(1, sizeof *one);
    if (!one)
        return error_nomem(err);
    one->all = j;
    snprintf(one->key, sizeof one->key, "%s/%s", s->namespaces[0], name);
    const struct halt_call call = {
        .site = &j->site,
        .kind = s->options.job_kind,
        .name_space = s->namespaces[0],
        .name = name,
        .resumes = j->resumes,
        .dry_run = s->options.dry_run,
        .wait_ms = j->wait_ms,
        .writer = {.start = start_change, .data = j, .seat = {NULL, SEAT_PERSON}, .plans = s->options.dry_run},
        .done = one_done,
        .data = one};
    int rc = halt_start(&call, &halt, err);
    if (rc) {
        tell(j, one->key, NULL, err);
        free(one);
        return rc;
    }
    j->active++;
    return 0;
}

/* Several at once: each waits for its pods. */
static void start_more(struct jobbing *j)
{
    struct error err;
    while (j->active < CONCURRENCY && *j->next)
        j->failed += start_one(j, *j->next++, &err) != 0;
    if (!j->active && !*j->next)
        j->s.flag = true;
}

/* ---- the command ---- */

static int work(struct jobbing *j)
{
    struct session *s = &j->s;
    session_scope(s, false);
    int code = session_cluster(s);
    if (!code)
        code = session_connect(s);
    if (!code)
        code = hand_open(s);
    if (!code)
        code = hand_run_begin(s, cluster_name(s->cluster), j->resumes ? "resume" : "stop", &j->run);
    if (code)
        return code;
    j->site = session_site(s);
    session_events(s, &j->site);
    j->next = s->options.arguments;
    s->flag = false;
    start_more(j);
    session_wait(s);
    s->flag = false;
    session_events_end(s, &j->site);
    const struct store_run ended = {.id = j->run,
                                    .outcome = !j->failed                   ? "done"
                                               : j->changed || j->unchanged ? "partial"
                                                                            : "failed",
                                    .message = "",
                                    .changed = j->changed,
                                    .unchanged = j->unchanged,
                                    .failed = j->failed};
    hand_run_end(s, &ended);
    if (j->run && j->changed && s->options.output != OUTPUT_JSON)
        printf("mpijobd undo %" PRId64 " takes it back\n", j->run);
    if (!j->failed)
        return j->left ? EXIT_FAILED : EXIT_DONE;
    return j->changed || j->unchanged ? EXIT_SOME_FAILED : EXIT_FAILED;
}

/* Takes "stop" or "resume" out of the command line. False: it is neither, or a call for help. */
static bool take_verb(int *argc, char **argv, bool *resumes)
{
    int at = options_first_word(*argc, argv);
    if (at >= *argc || (strcmp(argv[at], "stop") != 0 && strcmp(argv[at], "resume") != 0))
        return false;
    *resumes = strcmp(argv[at], "resume") == 0;
    for (; at < *argc; at++)
        argv[at] = argv[at + 1]; /* the NULL at the end, too */
    --*argc;
    return true;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct jobbing j = {.wait_ms = HALT_WAIT_MS};
    struct options o;
    struct error err;
    int64_t wait = 0;
    int code;
    bool verb = take_verb(&argc, argv, &j.resumes);
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (!verb || o.argument_count < 1)
        return command_usage(command, "%s",
                             verb ? "name the job: mpijobd job stop train/bert"
                                  : "takes what is to be done with a job, stop or resume, and its name");
    if (o.wait && duration_parse(o.wait, &wait, &err))
        return command_usage(command, "--wait: %s", err.message);
    if (o.wait)
        j.wait_ms = (uint64_t)(wait / 1000);
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&j.s, command->name, &o);
    if (code)
        return code;
    if (o.output == OUTPUT_JSON) {
        json_writer_init(&j.w, &j.json);
        json_write_array(&j.w);
    }
    code = work(&j);
    if (o.output == OUTPUT_JSON) {
        json_write_end(&j.w);
        puts(j.json.ptr ? j.json.ptr : "[]");
    }
    code = session_close(&j.s, code);
    buf_free(&j.json);
    return code;
}

const struct command cmd_job = {
    "job",
    "stop|resume [KIND] NAME... [--wait DURATION] [--dry-run]",
    "Stop a job, or let it go on, by the lever that works for it",
    TAKES_CLUSTER | TAKES_NAMESPACE | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_KIND | TAKES_NAMES | TAKES_HAND | TAKES_HALT,
    run,
    "  mpijobd job stop train/bert-large        suspends it, or stops its Workload where Kueue manages it\n"
    "  mpijobd job resume train/bert-large\n"
    "  mpijobd job stop -n train trainjob/gpt --dry-run\n"};
