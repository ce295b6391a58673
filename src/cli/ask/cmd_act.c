/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd pause, trigger and reload: what a running daemon is asked to do. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trace.h"
#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"
#include "json/member.h"

struct acting {
    struct session s;
    const char *job; /* of trigger: NAMESPACE/NAME */
    int code;
};

static void text_of(struct json json, const char *key, char *out, size_t size)
{
    json_string_at(json_get(json, key), "", out, size);
}

static int64_t number_of(struct json json, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(json, key), &n);
    return n;
}

static void print_json(struct json result)
{
    printf("%.*s\n", (int)result.text.len, result.text.ptr);
}

static int ask(struct acting *a, struct daemon_question *q)
{
    bool reached;
    q->data = a;
    if (daemon_ask(&a->s, q, &reached))
        return session_fail(&a->s, &a->s.error);
    return a->code;
}

/* A command of the daemon takes at most `most` words. True: go on. */
static bool begin(int argc, char **argv, const struct command *command, struct options *o, int most, int *code)
{
    if (!command_begin(argc, argv, command, o, code))
        return false;
    if (o->argument_count > most)
        *code = command_usage(command, "takes %s", most ? "the name of one policy" : "no arguments");
    else if (o->output == OUTPUT_YAML || o->output == OUTPUT_NAME)
        *code = command_usage(command, "-o takes table or json here");
    else
        return true;
    return false;
}

/* ---- pause ---- */

/* Where daemons share the jobs, it is about all of them. */
static void tell_everywhere(struct json result, const char *what)
{
    int64_t seconds = 0;
    if (json_int64(json_get(result, "everywhere_within_seconds"), &seconds))
        printf("  for all shards: the other daemons %s within %" PRId64 " s\n", what, seconds);
}

/* Where daemons share the jobs, those that were not told. */
static void tell_others(struct json result, const char *what)
{
    char others[1024];
    text_of(result, "others", others, sizeof others);
    if (*others)
        printf("  on this daemon alone; others act for their part of the jobs, %s: %s\n", what, others);
}

static void paused(void *data, struct json result)
{
    const struct acting *a = data;
    char policy[64], by[64], since[40];
    text_of(result, "policy", policy, sizeof policy);
    text_of(result, "by", by, sizeof by);
    text_of(result, "since", since, sizeof since);
    char *dot = strchr(since, '.'); /* people want no microseconds */
    if (dot)
        memcpy(dot, "Z", 2);
    if (a->s.options.output == OUTPUT_JSON)
        print_json(result);
    else if (json_is_true(json_get(result, "already")))
        printf("%s was paused already, by %s since %s\n", policy, by, since);
    else
        printf("%s is paused: it takes no runs until mpijobd resume %s; those under way go on to their end\n", policy,
               policy);
    if (a->s.options.output != OUTPUT_JSON)
        tell_everywhere(result, "see it");
}

static int run_pause(int argc, char **argv, const struct command *command)
{
    struct acting a = {0};
    struct options o;
    int code;
    if (!begin(argc, argv, command, &o, 1, &code))
        return code;
    if (!o.argument_count)
        return command_usage(command, "name the policy");
    code = session_open(&a.s, command->name, &o);
    if (!code)
        code = session_close(
            &a.s, ask(&a, &(struct daemon_question){.verb = "pause", .policy = o.arguments[0], .answered = paused}));
    return code;
}

/* ---- trigger ---- */

/* The worst of several runs decides. */
static int code_of(const char *outcome, int before)
{
    static const struct {
        const char *outcome;
        int code;
    } codes[] = {
        {"done", EXIT_DONE}, {"partial", EXIT_SOME_FAILED}, {"limited", EXIT_LIMITED}, {"waiting", EXIT_LIMITED}};
    int code = EXIT_FAILED;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        code = strcmp(codes[i].outcome, outcome) == 0 ? codes[i].code : code;
    return before == EXIT_DONE || code == EXIT_FAILED ? code : before;
}

static void print_run(const struct acting *a, struct json run, bool several)
{
    char outcome[24], cluster[64], message[ERROR_MESSAGE_MAX];
    char shard[24] = "";
    bool dry = json_is_true(json_get(run, "dry_run"));
    if (json_exists(json_get(run, "shard")))
        snprintf(shard, sizeof shard, "/%" PRId64, number_of(run, "shard"));
    text_of(run, "outcome", outcome, sizeof outcome);
    text_of(run, "cluster", cluster, sizeof cluster);
    text_of(run, "message", message, sizeof message);
    several = several || *shard;
    printf("run %" PRId64 " of %s%s%s%s: %s%s: %" PRId64 " %s, %" PRId64 " as they should be, %" PRId64 " failed\n",
           number_of(run, "id"), a->s.options.arguments[0], several ? " on cluster " : "", several ? cluster : "",
           shard, outcome, dry ? " (dry run)" : "", number_of(run, "changed"), dry ? "would be changed" : "changed",
           number_of(run, "unchanged"), number_of(run, "failed"));
    if (*message)
        printf("  %.*s\n", (int)strcspn(message, "\n"), message);
    else if (a->s.options.argument_count == 2 && strcmp(outcome, "done") == 0 && !number_of(run, "changed") &&
             !number_of(run, "unchanged"))
        printf("  the policy leaves this job alone; why is told by: mpijobd why %s %s\n", a->s.options.arguments[0],
               a->job);
}

static void triggered(void *data, struct json result)
{
    struct acting *a = data;
    struct json runs = json_get(result, "runs");
    char outcome[24];
    if (a->s.options.output == OUTPUT_JSON)
        print_json(result);
    for (struct json_iter it = json_iter(runs); json_next(&it);) {
        text_of(it.value, "outcome", outcome, sizeof outcome);
        a->code = code_of(outcome, a->code);
        if (a->s.options.output != OUTPUT_JSON)
            print_run(a, it.value, json_count(runs) > 1);
    }
    if (a->s.options.output != OUTPUT_JSON)
        tell_others(result, "which this run was not about");
}

static void write_override(void *data, struct json_writer *w)
{
    const struct acting *a = data;
    if (!a->s.options.override)
        return;
    json_write_key(w, "override");
    json_write_bool(w, true);
}

/* NAME or KIND/NAME in that namespace, or NAMESPACE/NAME or KIND/NAMESPACE/NAME. */
static void write_job(char *out, size_t size, const char *name_space, const char *text)
{
    const char *slash = strchr(text, '/');
    const struct mpijob_kind *kind;
    bool of_kind = slash && mpijob_kind_find(str_n(text, (size_t)(slash - text)), &kind);
    if (!slash)
        snprintf(out, size, "%s/%s", name_space, text);
    else if (of_kind && name_space && !strchr(slash + 1, '/'))
        snprintf(out, size, "%.*s/%s%s", (int)(slash - text), text, name_space, slash);
    else
        snprintf(out, size, "%s", text);
}

/* TRACEPARENT is what programs have for the header of that name where there is no HTTP. */
static void write_trigger(void *data, struct json_writer *w)
{
    struct trace trace;
    const char *given = getenv("TRACEPARENT");
    write_override(data, w);
    if (given && trace_parse(given, &trace))
        json_member_text(w, "traceparent", trace.text);
}

static int run_trigger(int argc, char **argv, const struct command *command)
{
    struct acting a = {0};
    struct options o;
    char job[600] = "";
    int code;
    if (!begin(argc, argv, command, &o, 2, &code))
        return code;
    if (!o.argument_count)
        return command_usage(command, "name the policy");
    if (o.argument_count == 1 && o.name_space)
        return command_usage(command,
                             "-n is the namespace of a JOB, which is not named; the policy's `match` says which "
                             "jobs a run without one is about");
    if (o.argument_count == 2) {
        bool whole = strchr(o.arguments[1], '/') != NULL;
        if (!whole && !o.name_space)
            return command_usage(command, "name the job as NAMESPACE/NAME, or its namespace with -n");
        write_job(job, sizeof job, o.name_space, o.arguments[1]);
    }
    a.job = job;
    code = session_open(&a.s, command->name, &o);
    if (!code)
        code = session_close(&a.s, ask(&a, &(struct daemon_question){.verb = "trigger",
                                                                     .policy = o.arguments[0],
                                                                     .job = *job ? job : NULL,
                                                                     .more = write_trigger,
                                                                     .answered = triggered}));
    return code;
}

/* ---- reload ---- */

static void print_error(struct json error)
{
    char file[1024], message[ERROR_MESSAGE_MAX];
    int64_t line = number_of(error, "line");
    text_of(error, "file", file, sizeof file);
    text_of(error, "message", message, sizeof message);
    if (line)
        fprintf(stderr, "%s:%" PRId64 ": %s\n", file, line, message);
    else
        fprintf(stderr, "%s: %s\n", file, message);
}

static void print_change(const char *what, struct json result)
{
    char names[4096];
    text_of(result, what, names, sizeof names);
    if (*names)
        printf("; %s: %s", what, names);
}

static void print_aside(struct json aside)
{
    char policy[64], cluster[64], reason[ERROR_MESSAGE_MAX];
    text_of(aside, "policy", policy, sizeof policy);
    text_of(aside, "cluster", cluster, sizeof cluster);
    text_of(aside, "reason", reason, sizeof reason);
    fprintf(stderr, "mpijobd reload: %s is not in force on cluster %s: %s\n", policy, cluster, reason);
}

/* A daemon of an earlier version tells none. */
static void print_rehearsal(struct json rehearsal)
{
    struct buf text = BUF_INIT;
    struct json sentence = json_get(rehearsal, "sentence");
    if (json_type(sentence) == JSON_STRING && json_decode(sentence, &text))
        printf("%.*s\n", (int)text.len, text.ptr);
    buf_free(&text);
}

static void reloaded(void *data, struct json result)
{
    struct acting *a = data;
    bool well = json_is_true(json_get(result, "in_force"));
    int64_t count = number_of(result, "policies");
    char config[4096], changes[4096];
    a->code = well ? EXIT_DONE : EXIT_FAILED;
    if (a->s.options.output == OUTPUT_JSON) {
        print_json(result);
        return;
    }
    for (struct json_iter it = json_iter(json_get(result, "errors")); json_next(&it);)
        print_error(it.value);
    if (well) {
        printf("%" PRId64 " polic%s loaded", count, count == 1 ? "y" : "ies");
        print_change("added", result);
        print_change("changed", result);
        print_change("gone", result);
        putchar('\n');
        print_rehearsal(json_get(result, "rehearsal"));
        for (struct json_iter it = json_iter(json_get(result, "not_in_force")); json_next(&it);)
            print_aside(it.value);
    }
    text_of(result, "config_changed", config, sizeof config);
    text_of(result, "config_changes", changes, sizeof changes);
    if (*config)
        fprintf(stderr,
                "mpijobd reload: %s has changed since the daemon's start, and a reload does not read it: restart the "
                "daemon%s%s%s\n",
                config, *changes ? " (" : "", changes, *changes ? ")" : "");
    if (!well)
        fputs("mpijobd reload: the policies in force stay as they are, because of the errors above\n", stderr);
}

static int run_reload(int argc, char **argv, const struct command *command)
{
    struct acting a = {0};
    struct options o;
    int code;
    if (!begin(argc, argv, command, &o, 0, &code))
        return code;
    code = session_open(&a.s, command->name, &o);
    if (!code)
        code = session_close(&a.s, ask(&a, &(struct daemon_question){.verb = "reload", .answered = reloaded}));
    return code;
}

const struct command cmd_pause = {
    "pause",
    "POLICY [-o json]",
    "Have a policy of the running daemon take no runs",
    TAKES_STATE | TAKES_OUTPUT,
    run_pause,
    "  mpijobd pause free-gpus      until mpijobd resume free-gpus, also over restarts\n"};
const struct command cmd_trigger = {"trigger",
                                    "POLICY [JOB] [-n NAMESPACE] [--override] [-o json]",
                                    "Run a policy of the running daemon now, and tell what came of it",
                                    TAKES_STATE | TAKES_OUTPUT | TAKES_NAMESPACE | TAKES_OVERRIDE,
                                    run_trigger,
                                    "  mpijobd trigger free-gpus                  on all jobs that match\n"
                                    "  mpijobd trigger free-gpus train/bert       on this job, if it matches\n"
                                    "  mpijobd trigger free-gpus --override       also outside its window\n"};
const struct command cmd_reload = {
    "reload",
    "[-o json]",
    "Have the running daemon load its policies again, and tell what was wrong",
    TAKES_STATE | TAKES_OUTPUT,
    run_reload,
    "  mpijobd reload             which policies are new, have another text, or are gone\n"
    "  mpijobd reload -o json\n"};
