/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd apply: the changes of a plan are made. It is a run of its own, which can be undone. */
#include "cli/apply/cmd_apply.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/apply/applying.h"
#include "cli/session/hand.h"
#include "cli/terminal/terminal.h"
#include "store/journal.h"

static int read_plan(struct apply *a)
{
    struct session *s = &a->s;
    struct buf text = BUF_INIT;
    int rc = file_read_input(&text, a->path, PLAN_BYTES_MAX, &s->error);
    if (!rc)
        rc = plan_read(&a->plan, buf_str(&text), a->path, &s->error);
    buf_free(&text);
    for (size_t i = 0; !rc && i < a->plan.change_count; i++)
        a->meant += apply_wants(a, &a->plan.changes[i]);
    if (!rc && a->job_name && !a->meant)
        rc = error_set(&s->error, ERR_NOT_FOUND, "%s has no change of job %s", a->path, s->options.job);
    return rc ? session_fail(s, &s->error) : 0;
}

/* Of several clusters the plan's own; a person may name it another way. */
static int reach(struct apply *a)
{
    struct session *s = &a->s;
    if (s->config.named && !s->options.cluster)
        s->options.cluster = a->plan.cluster;
    session_scope(s, false);
    int code = session_cluster(s);
    if (!code)
        code = session_connect(s);
    return code ? code : apply_check_cluster(a);
}

/* ---- the making ---- */

static bool wanted(void *data, const struct plan_item *item)
{
    return apply_wants(data, item->change);
}

static void told(void *data, struct plan_item *item, const struct change_result *result, const struct error *err)
{
    struct apply *a = data;
    progress_clear(&a->progress);
    apply_print_done(a, item, result, err);
    fflush(stdout); /* before the line below it */
    progress_job(&a->progress, a->meant - a->left);
}

static void over(void *data)
{
    ((struct apply *)data)->s.flag = true;
}

static void make(struct apply *a)
{
    a->work.run = a->run;
    a->work.dry_run = a->s.options.dry_run;
    a->s.flag = false;
    progress_begin(&a->progress);
    plan_work_make(&a->work);
    session_wait(&a->s);
    progress_end(&a->progress);
    a->s.flag = false;
    for (size_t i = 0; i < a->plan.change_count; i++) {
        const struct plan_item *item = &a->work.items[i];
        bool failed = item->made && item->failed;
        a->failed += failed;
        a->changed += item->made && item->changed && !failed;
        a->already += item->made && !item->changed && !failed;
        a->left += item->stranded;
        if (item->stranded)
            apply_print_left(a, item);
    }
}

static void end_run(struct apply *a)
{
    char message[128];
    int n = snprintf(message, sizeof message, "applies the plan sha256:%.12s", a->plan.sum);
    if (a->left)
        snprintf(message + n, sizeof message - (size_t)n, "; %zu left, as they have moved", a->left);
    const struct store_run ended = {.id = a->run,
                                    .outcome = !a->failed && !a->left     ? "done"
                                               : a->changed || a->already ? "partial"
                                                                          : "failed",
                                    .message = message,
                                    .changed = (int64_t)a->changed,
                                    .unchanged = (int64_t)a->already,
                                    .failed = (int64_t)a->failed};
    hand_run_end(&a->s, &ended);
}

static int work(struct apply *a)
{
    struct session *s = &a->s;
    int code = read_plan(a);
    if (!code)
        code = reach(a);
    if (!code)
        code = hand_open(s);
    if (code)
        return code;
    a->site = session_site(s);
    a->work =
        (struct plan_work){.site = &a->site, .plan = &a->plan, .wanted = wanted, .told = told, .over = over, .data = a};
    if (plan_work_begin(&a->work, &s->error))
        return session_fail(s, &s->error);
    apply_print_begin(a);
    code = apply_fit(a);
    bool any = false;
    for (size_t i = 0; !code && i < a->plan.change_count; i++)
        any = any || (a->work.items[i].state == PLAN_FITS && apply_wants(a, &a->plan.changes[i]));
    if (any)
        code = hand_run_begin(s, a->plan.cluster, "apply", &a->run);
    if (code)
        return code;
    if (any)
        make(a);
    end_run(a);
    apply_print_end(a);
    if (!a->failed && !a->left)
        return EXIT_DONE;
    return a->changed || a->already ? EXIT_SOME_FAILED : EXIT_FAILED;
}

/* "train/bert", or "bert" of any namespace. */
static void read_job(struct apply *a, const struct options *o)
{
    if (!o->job)
        return;
    snprintf(a->job, sizeof a->job, "%s", o->job);
    char *slash = strchr(a->job, '/');
    a->job_name = slash ? slash + 1 : a->job;
    a->job_namespace = slash ? a->job : NULL;
    if (slash)
        *slash = '\0';
}

static int run(int argc, char **argv, const struct command *command)
{
    struct apply a = {.colour = colour_wanted(STDOUT_FILENO)};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.argument_count != 1)
        return command_usage(command, "takes one file, which mpijobd plan PATH --out FILE has written");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    read_job(&a, &o);
    a.path = o.arguments[0];
    code = session_open(&a.s, command->name, &o);
    if (!code) {
        code = work(&a);
        plan_work_free(&a.work);
        code = session_close(&a.s, code);
    }
    plan_free(&a.plan);
    buf_free(&a.json);
    return code;
}

const struct command cmd_apply = {"apply",
                                  "FILE [--job [NAMESPACE/]NAME] [--partial] [--dry-run]",
                                  "Make exactly the changes that a plan in a file says",
                                  TAKES_CLUSTER | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_HAND | TAKES_APPLY,
                                  run,
                                  "  mpijobd plan policies/ --out plan.json\n"
                                  "  mpijobd apply plan.json --dry-run\n"
                                  "  mpijobd apply plan.json\n"};
