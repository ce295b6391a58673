/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd undo: what a run has changed is put back. An undo is a run of its own, which can be undone as well. */
#include "cli/undo/cmd_undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session/hand.h"
#include "cli/undo/undo.h"

static void end_run(struct undo *u)
{
    char message[96];
    snprintf(message, sizeof message, "takes back run %lld%s", (long long)u->number,
             u->over ? ", over limits.changes_per_hour" : "");
    const struct store_run ended = {.id = u->own,
                                    .outcome = !u->failed           ? "done"
                                               : u->back || u->left ? "partial"
                                                                    : "failed",
                                    .message = message,
                                    .changed = u->back,
                                    .unchanged = u->unchanged + u->left,
                                    .failed = u->failed};
    hand_run_end(&u->s, &ended);
}

/* Of several clusters the run's own; a person may name it another way. */
static int reach(struct undo *u)
{
    struct session *s = &u->s;
    if (s->config.named && !s->options.cluster)
        s->options.cluster = u->cluster;
    session_scope(s, false);
    int code = session_cluster(s);
    return code ? code : session_connect(s);
}

static void begin_output(struct undo *u)
{
    if (u->s.options.output != OUTPUT_JSON)
        return;
    json_writer_init(&u->w, &u->json);
    json_write_object(&u->w);
    json_write_key(&u->w, "run");
    json_write_int(&u->w, u->number);
    json_write_key(&u->w, "undo_run");
    json_write_int(&u->w, u->own);
    json_write_key(&u->w, "objects");
    json_write_array(&u->w);
}

static int work(struct undo *u)
{
    struct session *s = &u->s;
    int code = undo_read(u);
    if (code)
        return code;
    if (!u->count && s->options.output != OUTPUT_JSON) {
        printf("run %lld has changed nothing%s\n", (long long)u->number,
               u->job_name        ? " of that job"
               : u->job_namespace ? " of that namespace"
                                  : "");
        undo_print_unknown(u);
        return 0;
    }
    code = reach(u);
    if (!code)
        code = hand_open(s);
    if (code)
        return code;
    undo_look_at_all(u);
    undo_print_beforehand(u);
    code = undo_bounded(u);
    if (code && !s->options.dry_run)
        return code;
    int begun = hand_run_begin(s, u->cluster, "undo", &u->own);
    if (begun)
        return begun;
    u->site = session_site(s);
    begin_output(u);
    undo_make_all(u);
    end_run(u);
    undo_print_end(u);
    return !u->failed ? code : u->back || u->unchanged || u->left ? EXIT_SOME_FAILED : EXIT_FAILED;
}

/* "train/bert", or "bert" with -n or of any namespace; -n alone: all of that namespace. */
static void read_job(struct undo *u, const struct options *o)
{
    u->job_namespace = o->name_space;
    if (!o->job)
        return;
    snprintf(u->job, sizeof u->job, "%s", o->job);
    char *slash = strchr(u->job, '/');
    u->job_name = slash ? slash + 1 : u->job;
    u->job_namespace = slash ? u->job : o->name_space;
    if (slash)
        *slash = '\0';
}

static int run(int argc, char **argv, const struct command *command)
{
    struct undo u = {.colour = colour_wanted(STDOUT_FILENO)};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    /* 0 would be the rows of all runs. */
    if (o.argument_count != 1 || strspn(o.arguments[0], "0123456789") != strlen(o.arguments[0]) ||
        (u.number = strtoll(o.arguments[0], NULL, 10)) < 1)
        return command_usage(command, "takes the number of one run, from 1; mpijobd runs lists them");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    read_job(&u, &o);
    code = session_open(&u.s, command->name, &o);
    if (!code)
        code = session_close(&u.s, work(&u));
    undo_free(&u);
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
