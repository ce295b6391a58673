/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd plan: what the policies would change now, and what that would do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/session/named_jobs.h"
#include "cli/session/policies.h"
#include "json/write.h"

struct plan {
    struct session s;
    struct buf json;
    struct json_writer w;
    int64_t changed, unchanged, failed, limited, broken, by_effect[EFFECT_DESTRUCTIVE + 1];
    bool colour;
};

static void add_json(struct plan *p, const struct run *run, const char *job, const struct change_result *result,
                     const struct error *err)
{
    struct buf diff = BUF_INIT;
    struct json root;
    mpijob_diff_json(result->diff, &diff);
    json_write_object(&p->w);
    json_write_key(&p->w, "policy");
    json_write_string(&p->w, run->policy->name);
    json_write_key(&p->w, "cluster");
    json_write_string(&p->w, cluster_name(run->site->cluster));
    json_write_key(&p->w, "job");
    json_write_string(&p->w, job);
    if (err) {
        json_write_key(&p->w, "error");
        json_write_string(&p->w, err->message);
    } else {
        json_write_key(&p->w, "effect");
        json_write_string(&p->w, mpijob_effect_name(result->effect));
        json_write_key(&p->w, "why");
        json_write_string(&p->w, result->why);
    }
    if (!diff.failed && diff.len && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(&p->w, "diff");
        json_write_raw(&p->w, root);
    }
    buf_reset(&diff);
    mpijob_diff_json(result->launcher, &diff);
    if (result->launcher->count && json_parse(buf_str(&diff), "", &root, NULL) == 0) {
        json_write_key(&p->w, "launcher");
        json_write_raw(&p->w, root);
    }
    json_write_end(&p->w);
    buf_free(&diff);
}

static void add_text(struct plan *p, const struct run *run, const char *job, const struct change_result *result,
                     const struct error *err)
{
    struct buf text = BUF_INIT;
    char where[160];
    const char *cluster = run->site->told;
    snprintf(where, sizeof where, "%s%s%s", run->policy->name, cluster ? ", " : "", cluster ? cluster : "");
    if (err) {
        printf("%s  (%s)\n  not possible: %s\n", job, where, err->message);
        return;
    }
    mpijob_diff_write(result->diff, p->colour, &text);
    if (result->launcher->count)
        buf_puts(&text, "its launcher:\n");
    mpijob_diff_write(result->launcher, p->colour, &text);
    printf("%s  (%s)\n%s  %s: %s\n", job, where, text.ptr ? text.ptr : "", mpijob_effect_name(result->effect),
           result->why);
    buf_free(&text);
}

static void observe(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err)
{
    struct plan *p = data;
    if (!err && !result->changed)
        return;
    if (!err)
        p->by_effect[result->effect]++;
    if (p->s.options.output == OUTPUT_JSON)
        add_json(p, run, job, result, err);
    else
        add_text(p, run, job, result, err);
}

static void ended(void *data, const struct run *run)
{
    struct plan *p = data;
    p->changed += run->changed;
    p->unchanged += run->unchanged;
    p->failed += run->failed;
    p->limited += run->outcome == RUN_LIMITED;
    p->broken += run->outcome == RUN_FAILED;
    if (run->error)
        fprintf(stderr, "mpijobd plan: policy \"%s\"%s%s: %s\n", run->policy->name, run->site->told ? ", cluster " : "",
                run->site->told ? run->site->told : "", run->error->message);
}

static void over(void *data)
{
    ((struct plan *)data)->s.flag = true;
}

static void summary(const struct plan *p)
{
    const char *sign = "";
    printf("%s%" PRId64 " to change", p->changed ? "\n" : "", p->changed);
    for (int i = 0; i <= EFFECT_DESTRUCTIVE; i++) {
        if (!p->by_effect[i])
            continue;
        printf("%s%" PRId64 " %s", *sign ? sign : " (", p->by_effect[i], mpijob_effect_name((enum mpijob_effect)i));
        sign = ", ";
    }
    printf("%s, %" PRId64 " as they should be, %" PRId64 " not possible. Nothing was written.\n", *sign ? ")" : "",
           p->unchanged, p->failed);
}

static int make(struct plan *p)
{
    struct session *s = &p->s;
    struct engine_options e = {.dry_run = true, .once = true, .observe = observe, .ended = ended, .data = p};
    session_scope(s, true);
    int code = session_clusters(s);
    if (code)
        return code;
    code = session_connect(s);
    if (!code && s->cluster_count == 1)
        code = namespace_check(s);
    s->log.level = s->options.log_level ? s->log.level : LOG_ERROR + 1; /* printed here instead */
    if (!code)
        code = policies_load(s, &e, s->options.arguments);
    if (code)
        return code;
    if (s->options.output == OUTPUT_JSON) {
        json_writer_init(&p->w, &p->json);
        json_write_array(&p->w);
    }
    engine_once(s->engine, over, p);
    session_wait(s);
    if (s->options.output == OUTPUT_JSON) {
        json_write_end(&p->w);
        puts(p->json.ptr ? p->json.ptr : "[]");
    } else {
        summary(p);
    }
    buf_free(&p->json);
    if (p->broken || s->lost)
        return EXIT_FAILED;
    if (p->limited || p->failed)
        return p->limited ? EXIT_LIMITED : EXIT_SOME_FAILED;
    return s->options.exit_code && p->changed ? EXIT_CHANGES : EXIT_DONE;
}

static int run(int argc, char **argv, const struct command *command)
{
    struct plan p = {.colour = colour_wanted(STDOUT_FILENO)};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (o.output == OUTPUT_YAML || o.output == OUTPUT_NAME)
        return command_usage(command, "-o takes table or json here");
    code = session_open(&p.s, command->name, &o);
    if (code)
        return code;
    return session_close(&p.s, make(&p));
}

const struct command cmd_plan = {"plan",
                                 "PATH... [--exit-code]",
                                 "What the policies would change now, and what that would do; writes nothing",
                                 TAKES_CLUSTER | TAKES_SCOPE | TAKES_OUTPUT | TAKES_EXIT_CODE | TAKES_LOG,
                                 run,
                                 "  mpijobd plan policies/ -n train\n  mpijobd plan policies/ --exit-code      exits "
                                 "with 10 where there are changes\n"};
