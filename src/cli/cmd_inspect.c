/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd inspect: MPIJobs that are set up wrongly, what that means, and the change that heals it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/heal.h"
#include "cli/session/hand.h"
#include "cli/terminal/table.h"
#include "json/write.h"

struct inspection {
    struct session s;
    struct jobs jobs;
    struct heal heal;
    struct mpijob_pods *pods;    /* NULL: they cannot be listed */
    const struct found_job *job; /* under inspection */
    int64_t found, ill;          /* findings, and jobs that have any */
    int64_t counts[PROBLEM_COUNT], safe[PROBLEM_COUNT];
    enum mpijob_severity worst[PROBLEM_COUNT];
    struct buf json;
    struct json_writer w;
    bool as_json, headed;
};

/* ---- one finding ---- */

static void tell_text(struct inspection *in, const struct mpijob_finding *f)
{
    char path[FINDING_POINTER];
    const struct mpijob_view *v = &in->job->view;
    if (!in->headed)
        printf("%.*s/%.*s (%s, %s)\n", (int)v->name_space.len, v->name_space.ptr, (int)v->name.len, v->name.ptr,
               mpijob_target_version(v->target), mpijob_phase_name(v->phase));
    mpijob_finding_path(f->pointer, path);
    printf("  %-7s  %s: %s%s%s\n", mpijob_severity_name(f->severity), mpijob_problem_name(f->problem), path,
           *f->value ? " is " : "", f->value);
    printf("           %s\n           cure: %s%s\n", f->means, f->cure, f->safe ? " (--fix does it)" : "");
}

static void tell_json(struct inspection *in, const struct mpijob_finding *f)
{
    const struct mpijob_view *v = &in->job->view;
    const char *const texts[][2] = {{"problem", mpijob_problem_name(f->problem)},
                                    {"severity", mpijob_severity_name(f->severity)},
                                    {"phase", mpijob_phase_name(v->phase)},
                                    {"path", f->pointer},
                                    {"value", *f->value ? f->value : NULL},
                                    {"means", f->means},
                                    {"cure", f->cure}};
    json_write_object(&in->w);
    json_write_key(&in->w, "namespace");
    json_write_str(&in->w, v->name_space);
    json_write_key(&in->w, "name");
    json_write_str(&in->w, v->name);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_write_key(&in->w, texts[i][0]);
        json_write_string(&in->w, texts[i][1]);
    }
    json_write_key(&in->w, "safe");
    json_write_bool(&in->w, f->safe);
    json_write_key(&in->w, "edits");
    json_write_array(&in->w);
    for (size_t i = 0; i < f->edit_count; i++) {
        const char *raw = f->edits[i].raw;
        json_write_object(&in->w);
        json_write_key(&in->w, "path");
        json_write_string(&in->w, f->edits[i].pointer);
        json_write_key(&in->w, "after");
        json_write_raw(&in->w, (struct json){str_of(*raw ? raw : "null")});
        json_write_end(&in->w);
    }
    json_write_end(&in->w);
    json_write_end(&in->w);
}

static void found(void *data, const struct mpijob_finding *f)
{
    struct inspection *in = data;
    if (in->as_json)
        tell_json(in, f);
    else
        tell_text(in, f);
    in->found++;
    in->ill += !in->headed;
    in->headed = true;
    in->counts[f->problem]++;
    in->safe[f->problem] += f->safe;
    if (f->severity > in->worst[f->problem])
        in->worst[f->problem] = f->severity;
    if (in->s.options.fix && f->safe)
        heal_add(&in->heal, in->job, f);
}

/* ---- all of them ---- */

static int look(struct inspection *in)
{
    int64_t now = clock_now(&in->s.clock);
    for (size_t i = 0; i < in->jobs.count; i++) {
        in->job = &in->jobs.items[i];
        in->headed = false;
        if (mpijob_inspect(&in->job->view, in->pods, now, found, in, &in->s.error))
            return session_fail(&in->s, &in->s.error);
    }
    return 0;
}

static void summary_text(struct inspection *in)
{
    static const char *const heads[] = {"PROBLEM", "SEVERITY", "FINDINGS", "SAFE", "WHAT"};
    struct table t;
    if (!in->found) {
        printf("No findings in %zu %s%s.\n", in->jobs.count, mpijob_kind_info(in->s.options.job_kind)->name,
               in->jobs.count == 1 ? "" : "s");
        return;
    }
    putchar('\n');
    static const char *const fold[] = {"WHAT", NULL}, *const drop[] = {"SAFE", NULL};
    table_begin(&t, sizeof heads / sizeof *heads, heads);
    table_narrow(&t, fold, drop);
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        char number[24];
        if (!in->counts[i])
            continue;
        table_cell(&t, mpijob_problem_name((enum mpijob_problem)i));
        table_cell(&t, mpijob_severity_name(in->worst[i]));
        snprintf(number, sizeof number, "%" PRId64, in->counts[i]);
        table_cell(&t, number);
        snprintf(number, sizeof number, "%" PRId64, in->safe[i]);
        table_cell(&t, number);
        table_cell(&t, mpijob_problem_about((enum mpijob_problem)i));
    }
    table_print(&t, stdout);
    printf("%" PRId64 " finding%s in %" PRId64 " of %zu %s%s.\n", in->found, in->found == 1 ? "" : "s", in->ill,
           in->jobs.count, mpijob_kind_info(in->s.options.job_kind)->name, in->jobs.count == 1 ? "" : "s");
}

static void summary_json(struct inspection *in)
{
    json_write_end(&in->w); /* the findings */
    json_write_key(&in->w, "jobs");
    json_write_int(&in->w, (int64_t)in->jobs.count);
    json_write_key(&in->w, "summary");
    json_write_object(&in->w);
    for (int i = 0; i < PROBLEM_COUNT; i++) {
        if (!in->counts[i])
            continue;
        json_write_key(&in->w, mpijob_problem_name((enum mpijob_problem)i));
        json_write_int(&in->w, in->counts[i]);
    }
    json_write_end(&in->w);
}

/* ---- the command ---- */

/* Only for jobs that have ended: their pods show which GPUs they still hold. */
static void count_pods(struct inspection *in)
{
    struct error why;
    bool ended = false;
    if (mpijob_kind_described(in->s.options.job_kind)) /* nothing goes by them */
        return;
    for (size_t i = 0; i < in->jobs.count && !ended; i++)
        ended = mpijob_phase_finished(in->jobs.items[i].view.phase);
    if (!ended)
        return;
    in->pods = pods_count(&in->s, &why);
    if (!in->pods)
        fprintf(stderr,
                "mpijobd inspect: holds-gpus goes by status and policy, because the pods cannot be listed: %s\n",
                why.message);
}

static int work(struct inspection *in)
{
    struct session *s = &in->s;
    in->jobs.deleting = true; /* what stops a controller does so until they are gone */
    session_scope(s, false);
    int code = session_cluster(s);
    if (code)
        return code;
    code = session_connect(s);
    if (!code)
        code = jobs_look_up(s, &in->jobs);
    if (code)
        return code;
    count_pods(in);
    if (in->as_json) {
        json_writer_init(&in->w, &in->json);
        json_write_object(&in->w);
        json_write_key(&in->w, "findings");
        json_write_array(&in->w);
    }
    code = look(in);
    if (in->as_json)
        summary_json(in);
    else if (!code)
        summary_text(in);
    if (!code && s->options.fix)
        code = hand_open(s);
    if (!code && s->options.fix)
        code = heal_run(&in->heal, s, in->as_json ? &in->w : NULL);
    if (in->as_json)
        json_write_end(&in->w);
    return code;
}

/* 0 only where nothing is left to do. */
static int exit_code(const struct inspection *in, int code)
{
    if (code)
        return code;
    if (in->heal.failed)
        return EXIT_SOME_FAILED;
    return in->found > in->heal.healed ? EXIT_FAILED : EXIT_DONE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct inspection in = {0};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (!mpijob_kind_info(o.job_kind)->inspected)
        return command_usage(command,
                             "inspect is for MPIJobs, TrainJobs, JobSets and Jobs: it is not known what harms %ss",
                             mpijob_kind_info(o.job_kind)->name);
    if (o.argument_count && (o.selector || o.all_namespaces))
        return command_usage(command, "names and a selector or -A do not go together");
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    if (o.dry_run && !o.fix)
        return command_usage(command, "--dry-run goes with --fix; without it nothing is changed anyway");
    code = session_open(&in.s, command->name, &o);
    if (code)
        return code;
    in.as_json = o.output == OUTPUT_JSON;
    code = work(&in);
    if (in.as_json && in.json.len && !buf_result(&in.json, "the output", &in.s.error))
        puts(in.json.ptr);
    code = exit_code(&in, code);
    heal_free(&in.heal);
    mpijob_pods_free(in.pods);
    jobs_release(&in.jobs);
    buf_free(&in.json);
    return session_close(&in.s, code);
}

const struct command cmd_inspect = {
    "inspect",
    "[KIND] [NAME...] [-n NAMESPACE | -A] [-l SELECTOR] [-o table|json] [--fix [--dry-run]]",
    "Find the jobs that are set up wrongly, and heal them",
    TAKES_CLUSTER | TAKES_SCOPE | TAKES_SELECTOR | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_FIX | TAKES_KIND | TAKES_NAMES |
        TAKES_HAND,
    run,
    "  mpijobd inspect -A\n"
    "  mpijobd inspect -n train --fix --dry-run\n"
    "  mpijobd inspect jobsets -A\n"
    "\nProblems: wrong-type, object-for-list, bad-policy, negative-deadline, wrong-place, paths-differ, "
    "misspelt-field,\n"
    "dropped-field, ignored-field, dead-deadline, dead-ttl, holds-gpus, evicted, other-manager; of TrainJobs, JobSets\n"
    "and Jobs: no-success-policy, runs-again, suspended-after-end.\n"
    "\nExit codes: 0 no findings (or --fix healed all), 1 findings (or it failed), 3 --fix could not make some of its "
    "changes.\n"};
