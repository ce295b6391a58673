/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd plan: what the policies would change now, and what that would do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/paused/paused_shared.h"
#include "cli/plan/cmd_plan.h"
#include "cli/plan/plan_held.h"
#include "cli/plan/plan_out.h"
#include "cli/plan/plan_past.h"
#include "cli/plan/plan_rows.h"
#include "cli/plan/plan_steps.h"
#include "cli/session/named_jobs.h"
#include "cli/session/policies.h"
#include "cli/session/shared_note.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "pause/paused.h"
#include "policy/asked_again.h"
#include "json/write.h"

struct planning {
    struct session s;
    struct plan_rows rows;
    struct paused paused;
    struct plan_past past;
    struct plan_held held;
    struct plan_steps steps;
    struct plan plan; /* of --out */
    struct progress progress;
    int64_t limited, broken, by_effect[EFFECT_DESTRUCTIVE + 1];
    bool colour;
};

/* The conditions of plugins that held for the job; a run function chooses its jobs itself. */
static size_t asked_count(const struct run *run)
{
    return run->policy->action == ACTION_RUN ? 0 : run->policy->asked_count;
}

static void add_json(const struct planning *p, const struct run *run, const char *job,
                     const struct change_result *result, const struct error *err, struct buf *out)
{
    struct buf diff = BUF_INIT;
    struct json root;
    struct json_writer w;
    json_writer_init(&w, out);
    mpijob_diff_json(result->diff, &diff);
    json_write_object(&w);
    json_write_key(&w, "policy");
    json_write_string(&w, run->policy->name);
    json_write_key(&w, "cluster");
    json_write_string(&w, cluster_name(run->site->cluster));
    json_write_key(&w, "job");
    json_write_string(&w, job);
    if (result->before) {
        json_write_key(&w, "kind");
        json_write_string(&w, mpijob_kind_info(result->before->target.kind)->name);
    }
    json_write_key(&w, "paused");
    json_write_bool(&w, paused_find(&p->paused, run->policy->name) != NULL);
    if (err) {
        json_write_key(&w, "error");
        json_write_string(&w, err->message);
    } else {
        json_write_key(&w, "effect");
        json_write_string(&w, mpijob_effect_name(result->effect));
        json_write_key(&w, "why");
        json_write_string(&w, result->why);
        json_write_key(&w, "gpus_released");
        json_write_int(&w, change_gpus_released(result));
    }
    if (asked_count(run)) {
        json_write_key(&w, "conditions");
        json_write_array(&w);
        for (size_t i = 0; i < asked_count(run); i++) {
            const struct policy_asked *a = &run->policy->asked[i];
            json_write_object(&w);
            json_write_key(&w, "name");
            json_write_string(&w, a->name);
            json_write_key(&w, "value");
            json_write_string(&w, a->wanted);
            json_write_key(&w, "plugin");
            json_write_string(&w, a->plugin);
            json_write_end(&w);
        }
        json_write_end(&w);
    }
    if (!diff.failed && diff.len && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(&w, "diff");
        json_write_raw(&w, root);
    }
    buf_reset(&diff);
    mpijob_diff_json(result->child, &diff);
    if (result->child->count && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(&w, result->child_called);
        json_write_raw(&w, root);
    }
    json_write_end(&w);
    buf_free(&diff);
}

static void add_text(const struct planning *p, const struct run *run, const char *job,
                     const struct change_result *result, const struct error *err, struct buf *out)
{
    const char *cluster = run->site->told;
    char name[POLICY_KINDS_JOB];
    if (result->before)
        job = policy_kinds_job(&run->policy->kinds, result->before->target.kind, job, name);
    buf_printf(out, "%s  (%s%s%s)\n", job, run->policy->name, cluster ? ", " : "", cluster ? cluster : "");
    if (err) {
        buf_printf(out, "  not possible: %s\n", err->message);
        return;
    }
    mpijob_diff_write(result->diff, p->colour, out);
    if (result->child->count)
        buf_printf(out, "its %s:\n", result->child_told);
    mpijob_diff_write(result->child, p->colour, out);
    buf_printf(out, "  %s: %s\n", mpijob_effect_name(result->effect), result->why);
    for (size_t i = 0; i < asked_count(run); i++) {
        buf_puts(out, "  holds ");
        policy_asked_write(&run->policy->asked[i], out);
        buf_putc(out, '\n');
    }
}

static void observe(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err)
{
    struct planning *p = data;
    struct buf text = BUF_INIT;
    progress_job(&p->progress, 0);
    if (!err && !result->changed)
        return;
    if (!err)
        p->by_effect[result->effect]++;
    if (p->s.options.output == OUTPUT_JSON)
        add_json(p, run, job, result, err, &text);
    else
        add_text(p, run, job, result, err, &text);
    p->rows.full = p->rows.full || text.failed;
    if (!text.failed)
        plan_rows_add(&p->rows, run, job, buf_str(&text), result->last, err ? 0 : change_gpus_released(result));
    buf_free(&text);
}

static void planned(void *data, const struct run *run, const char *job, const struct change *change)
{
    struct planning *p = data;
    if (p->s.options.out)
        plan_out_add(&p->plan, &p->s, run, job, paused_find(&p->paused, run->policy->name), change);
}

static void ended(void *data, const struct run *run)
{
    struct planning *p = data;
    p->limited += run->outcome == RUN_LIMITED;
    p->broken += run->outcome == RUN_FAILED;
    plan_held_ended(&p->held, run, paused_find(&p->paused, run->policy->name) != NULL);
    plan_rows_ended(&p->rows, run);
    plan_steps_ended(&p->steps, run);
}

static void left(void *data, const struct run *run, const struct engine_left *what)
{
    plan_past_add(&((struct planning *)data)->past, run, what);
}

static void over(void *data)
{
    ((struct planning *)data)->s.flag = true;
}

/* The last line: what a person looks at before anything else. */
static void counts(const struct planning *p)
{
    char text[96];
    const struct plan_counts n = {(size_t)p->rows.changed, (size_t)p->by_effect[EFFECT_DESTRUCTIVE],
                                  (size_t)p->by_effect[EFFECT_INERT]};
    puts(plan_counts_text(&n, text));
}

static void summary(const struct planning *p)
{
    const char *sign = "";
    const struct plan_rows *rows = &p->rows;
    if (rows->sum_count) {
        fputs(rows->row_count ? "\n" : "", stdout);
        plan_rows_write_sums(rows, p->s.cluster_count > 1, stdout);
        fputs("\n", stdout);
    }
    plan_past_write(&p->past, stdout);
    printf("%" PRId64 " to change", rows->changed);
    for (int i = 0; i <= EFFECT_DESTRUCTIVE; i++) {
        if (!p->by_effect[i])
            continue;
        printf("%s%" PRId64 " %s", *sign ? sign : " (", p->by_effect[i], mpijob_effect_name((enum mpijob_effect)i));
        sign = ", ";
    }
    printf("%s, %" PRId64 " as they should be, %" PRId64 " not possible", *sign ? ")" : "", rows->unchanged,
           rows->failed);
    if (rows->gpus)
        printf("; %" PRId64 " GPUs would be given back", rows->gpus);
    puts(". Nothing was written.");
}

static void tell_paused(void *data, const struct paused_mark *mark)
{
    char when[32];
    (void)data;
    clock_format(mark->at, false, when);
    fprintf(
        stderr,
        "mpijobd plan: policy \"%s\" is paused, by %s since %s: it does what is shown when mpijobd resume %s lets it "
        "run\n",
        mark->policy, *mark->who ? mark->who : "an unknown user", when, mark->policy);
}

static void tell(struct planning *p)
{
    bool json = p->s.options.output == OUTPUT_JSON;
    const struct policy_set *set = engine_policies(p->s.engine);
    plan_rows_sort(&p->rows, set);
    plan_past_sort(&p->past, set);
    fputs(json ? "[" : "", stdout);
    plan_rows_write(&p->rows, json ? "," : "", stdout);
    if (json)
        plan_past_write_json(&p->past, &p->s, p->rows.row_count == 0, stdout);
    fputs(json ? "]\n" : "", stdout);
    fflush(stdout); /* the errors come after what they are about */
    plan_rows_write_errors(&p->rows, stderr);
    engine_each_paused(p->s.engine, tell_paused, p);
    plan_held_tell_closed(&p->s);
    plan_held_tell_over(&p->held, &p->s);
    plan_steps_tell(&p->steps);
    if (!json)
        summary(p);
    if (!json && p->plan.texts && *p->plan.sum)
        plan_out_tell(&p->plan, p->s.options.out, stdout);
    else if (!json)
        counts(p);
}

static int make(struct planning *p)
{
    struct session *s = &p->s;
    struct engine_options e = {.dry_run = true,
                               .once = true,
                               .paused = &p->paused,
                               .canaries = &p->steps.canaries,
                               .observe = observe,
                               .planned = planned,
                               .left = left,
                               .ended = ended,
                               .data = p};
    s->acts = true;
    session_scope(s, true);
    session_tell_shared(s, "what was handled and the steps of a canary are as they were here",
                        s->config.lead.shards
                            ? "mpijobd status and mpijobd why POLICY JOB ask the daemon that has the job's shard"
                            : "mpijobd status and mpijobd why POLICY JOB ask the daemon that leads");
    int code = session_clusters(s);
    if (code)
        return code;
    int unread = paused_read(s, &p->paused);
    if (unread && s->options.state)
        return session_fail(s, &s->error);
    if (unread)
        fprintf(stderr, "mpijobd plan: it is not known which policies are paused: %s\n", s->error.message);
    if (s->options.out)
        code = plan_out_check(s, s->options.out);
    if (code)
        return code;
    code = session_connect(s);
    if (!code && s->cluster_count == 1)
        code = namespace_check(s);
    s->log.level = s->options.log_level ? s->log.level : LOG_ERROR + 1; /* printed here instead */
    if (!code)
        code = plan_past_open(&p->past, s);
    if (!code && plan_steps_open(&p->steps, p->past.reader, &s->error))
        code = session_fail(s, &s->error);
    e.past = store_state(p->past.reader);
    e.counted = store_journal(p->past.reader);
    if (!code)
        code = policies_load(s, &e, s->options.arguments);
    if (code && s->engine && engine_policies(s->engine) && s->options.output == OUTPUT_JSON)
        tell(p); /* all of them stand aside */
    if (code)
        return code;
    if (!s->options.log_level) /* whose lines come in between */
        progress_begin(&p->progress);
    engine_once(s->engine, over, p);
    session_wait(s);
    progress_end(&p->progress);
    bool whole = !p->rows.full && !p->broken && !s->lost;
    p->limited += plan_held_over(&p->held, s);
    code = s->options.out && whole && !p->limited ? plan_out_write(&p->plan, s, s->options.out) : 0;
    tell(p);
    if (s->options.out && (!whole || p->limited))
        fprintf(stderr, "mpijobd plan: %s was not written: %s\n", s->options.out,
                whole ? "a limit would stop a policy, so that its run would change nothing of this; raise the limit, "
                        "or leave the policy out"
                      : "the plan is not whole");
    if (!whole || code)
        return EXIT_FAILED;
    if (p->limited || p->rows.failed)
        return p->limited ? EXIT_LIMITED : EXIT_SOME_FAILED;
    return s->options.exit_code && p->rows.changed ? EXIT_CHANGES : EXIT_DONE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct planning p = {.colour = colour_wanted(STDOUT_FILENO)};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&p.s, command->name, &o);
    if (code)
        return code;
    code = make(&p);
    plan_rows_free(&p.rows);
    plan_free(&p.plan);
    paused_free(&p.paused);
    plan_steps_free(&p.steps);
    plan_past_free(&p.past, &p.s);
    return session_close(&p.s, code);
}

const struct command cmd_plan = {"plan",
                                 "PATH... [--exit-code] [--out FILE]",
                                 "What the policies would change now, and what that would do; writes nothing",
                                 TAKES_CLUSTER | TAKES_SCOPE | TAKES_OUTPUT | TAKES_EXIT_CODE | TAKES_LOG |
                                     TAKES_STATE | TAKES_OUT,
                                 run,
                                 "  mpijobd plan policies/ -n train\n  mpijobd plan policies/ --exit-code      exits "
                                 "with 10 where there are changes\n"
                                 "  mpijobd plan policies/ --out plan.json   then: mpijobd apply plan.json\n"};
