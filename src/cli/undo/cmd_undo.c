/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd undo: what a run has changed is put back. An undo is a run of its own, which can be undone as well. */
#include "cli/undo/cmd_undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/texts.h"
#include "cli/session/hand.h"
#include "cli/session/shared_note.h"
#include "cli/terminal/terminal.h"
#include "cli/undo/undoing.h"
#include "limit/ceiling.h"
#include "store/store.h"

/* ---- reading ---- */

static void closed(void *data)
{
    ((struct session *)data)->flag = true;
}

/* The run, and what the ceiling has had. 0, or the exit code after the error was printed. */
static int read_journal(struct undoing *u)
{
    struct session *s = &u->s;
    char path[4096];
    if (store_open_reader(session_state_path(s, path), &s->store, &s->error))
        return session_fail(s, &s->error);
    struct journal *journal = store_journal(s->store);
    int rc = undo_read(&u->undo, journal, &s->error);
    hour_open(&u->hour, s->config.changes_per_hour);
    if (!rc && u->hour.most)
        rc = ceiling_read(journal, clock_now(&s->clock), &u->hour, &s->error);
    s->flag = false;
    store_close(s->store, closed, s);
    session_wait(s);
    s->flag = false;
    s->store = NULL;
    if (rc == ERR_NOT_FOUND)
        session_tell_shared(s, "each daemon keeps a journal of its own runs",
                            "undo the run on the host of the daemon that made it, or name its file with --state");
    return rc ? session_fail(s, &s->error) : 0;
}

/* Of several clusters the run's own; a person may name it another way. */
static int reach(struct undoing *u)
{
    struct session *s = &u->s;
    if (s->config.named && !s->options.cluster)
        s->options.cluster = u->undo.cluster;
    session_scope(s, false);
    int code = session_cluster(s);
    return code ? code : session_connect(s);
}

/* ---- making ---- */

static void told(void *data, struct undo_object *o, const struct change_result *result, const struct error *err)
{
    struct undoing *u = data;
    progress_clear(&u->progress);
    undo_print_one(u, o, result, err);
    fflush(stdout); /* before the line below it */
    progress_job(&u->progress, u->undo.count);
}

static void over(void *data)
{
    ((struct undoing *)data)->s.flag = true;
}

/* One step of the undo, waited for. */
static void step(struct undoing *u, void (*begin)(struct undo *undo))
{
    u->s.flag = false;
    begin(&u->undo);
    session_wait(&u->s);
    u->s.flag = false;
}

static void begin_output(struct undoing *u)
{
    if (u->s.options.output != OUTPUT_JSON)
        return;
    json_writer_init(&u->w, &u->json);
    json_write_object(&u->w);
    json_write_key(&u->w, "run");
    json_write_int(&u->w, u->undo.number);
    json_write_key(&u->w, "undo_run");
    json_write_int(&u->w, u->undo.own);
    json_write_key(&u->w, "objects");
    json_write_array(&u->w);
}

static void end_run(struct undoing *u)
{
    const struct undo *undo = &u->undo;
    char message[96];
    snprintf(message, sizeof message, "takes back run %lld%s%s", (long long)undo->number, u->over ? ", over " : "",
             or_empty(u->over));
    const struct store_run ended = {.id = undo->own,
                                    .outcome = !undo->failed              ? "done"
                                               : undo->back || undo->left ? "partial"
                                                                          : "failed",
                                    .message = message,
                                    .changed = undo->back,
                                    .unchanged = undo->unchanged + undo->left,
                                    .failed = undo->failed};
    hand_run_end(&u->s, &ended);
}

static int work(struct undoing *u)
{
    struct session *s = &u->s;
    struct undo *undo = &u->undo;
    bool waits = false;
    int code = read_journal(u);
    if (code)
        return code;
    if (!undo->count && s->options.output != OUTPUT_JSON) {
        printf("run %lld has changed nothing%s\n", (long long)undo->number,
               undo->job_name        ? " of that job"
               : undo->job_namespace ? " of that namespace"
                                     : "");
        undo_print_unknown(u);
        return 0;
    }
    if (!s->options.dry_run)
        code = undo_propose(u, &waits);
    if (waits)
        return code;
    if (!code)
        code = reach(u);
    if (!code)
        code = hand_open(s);
    if (code)
        return code;
    u->site = session_site(s);
    undo->site = &u->site;
    step(u, undo_look_all);
    undo_print_beforehand(u);
    code = undo_bounded(u);
    if (code && !s->options.dry_run)
        return code;
    int begun = hand_run_begin(s, undo->cluster, "undo", &undo->own);
    if (!begun)
        begun = undo_set_pace(u);
    if (begun)
        return begun;
    begin_output(u);
    progress_begin(&u->progress);
    step(u, undo_make_all);
    progress_end(&u->progress);
    undo_end_pace(u);
    end_run(u);
    undo_print_end(u);
    return !undo->failed ? code : undo->back || undo->unchanged || undo->left ? EXIT_SOME_FAILED : EXIT_FAILED;
}

/* ---- the command ---- */

/* "train/bert", or "bert" with -n or of any namespace; -n alone: all of that namespace. */
static void read_job(struct undoing *u, const struct options *o)
{
    u->undo.job_namespace = o->name_space;
    if (!o->job)
        return;
    snprintf(u->job, sizeof u->job, "%s", o->job);
    char *slash = strchr(u->job, '/');
    u->undo.job_name = slash ? slash + 1 : u->job;
    u->undo.job_namespace = slash ? u->job : o->name_space;
    if (slash)
        *slash = '\0';
}

static int run(int argc, char **argv, const struct command *command)
{
    struct undoing u = {.colour = colour_wanted(STDOUT_FILENO),
                        .limits = {.changes_max = -1, .percent_max = -1, .hour_most = -1}};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    /* 0 would be the rows of all runs. */
    if (o.argument_count != 1 || !command_run_number(o.arguments[0], &u.undo.number))
        return command_usage(command, "takes the number of one run, from 1; mpijobd runs lists them");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    read_job(&u, &o);
    u.undo.dry_run = o.dry_run;
    u.undo.destructive = o.destructive;
    u.undo.told = told;
    u.undo.over = over;
    u.undo.data = &u;
    code = session_open(&u.s, command->name, &o);
    if (!code)
        code = session_close(&u.s, work(&u));
    undo_free(&u.undo);
    hour_close(&u.hour);
    buf_free(&u.json);
    return code;
}

const struct command cmd_undo = {"undo",
                                 "RUN [-n NAMESPACE] [--job [NAMESPACE/]NAME] [--dry-run]",
                                 "Put back what a run has changed, where it still has the value that the run wrote",
                                 TAKES_CLUSTER | TAKES_NAMESPACE | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_HAND |
                                     TAKES_UNDO | TAKES_OVERRIDE,
                                 run,
                                 "  mpijobd runs --policy free-gpus\n"
                                 "  mpijobd undo 42 --dry-run\n"
                                 "  mpijobd undo 42 --job train/bert-large\n"};
