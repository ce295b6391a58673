/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd approve and reject: the runs that wait for a person, what they would do, and what that person says. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grown.h"
#include "base/texts.h"
#include "cli/ask/cmd_ask.h"
#include "cli/session/daemon.h"
#include "cli/terminal/table.h"
#include "cli/terminal/terminal.h"
#include "time/duration.h"

struct asking {
    struct session s;
    int64_t run, seconds; /* seconds: of extend */
    int64_t *all;         /* runs that are approved one after the other; owned */
    size_t all_count, all_cap, told;
    int code;
};

static bool as_json(struct asking *a, struct json result)
{
    if (a->s.options.output != OUTPUT_JSON)
        return false;
    printf("%s%.*s\n", a->told++ ? "," : "", (int)result.text.len, result.text.ptr);
    return true;
}

/* Is it one of the policy that was asked for? */
static bool is_meant(const struct asking *a, struct json row)
{
    const char *policy = a->s.options.policy;
    return !policy || json_string_is(json_get(row, "policy"), str_of(policy));
}

static int64_t number_of(struct json json, const char *key)
{
    int64_t n = 0;
    json_int64(json_get(json, key), &n);
    return n;
}

/* People want no microseconds. text has room for 32 bytes; returned. */
static const char *without_fraction(char *text)
{
    int64_t us;
    if (clock_parse(text, &us))
        terminal_time(us, text);
    return text;
}

static void cell(struct table *t, struct json row, const char *key)
{
    char text[256];
    int64_t n;
    json_string_at(json_get(row, key), "", text, sizeof text);
    if (json_int64(json_get(row, key), &n))
        snprintf(text, sizeof text, "%" PRId64, n);
    if (strcmp(key, "policy") == 0 && json_int64(json_get(row, "undoes"), &n))
        snprintf(text, sizeof text, "undo of run %" PRId64, n);
    if (strcmp(key, "cluster") == 0 && json_int64(json_get(row, "shard"), &n)) /* as the log calls it */
        snprintf(text + strlen(text), sizeof text - strlen(text), "/%" PRId64, n);
    if (strcmp(key, "since") == 0 || strcmp(key, "expires") == 0)
        without_fraction(text);
    table_cell(t, *text ? text : NULL);
}

/* "1/2", of a run that takes several; and who has. */
static void approvals_cell(struct table *t, struct json row)
{
    char text[32];
    snprintf(text, sizeof text, "%zu/%" PRId64, json_count(json_get(row, "given")), number_of(row, "quorum"));
    table_cell(t, text);
}

static void print_meant(const struct asking *a, struct json result)
{
    const char *before = "[";
    for (struct json_iter it = json_iter(result); json_next(&it);) {
        if (!is_meant(a, it.value))
            continue;
        printf("%s%.*s", before, (int)it.value.text.len, it.value.text.ptr);
        before = ",";
    }
    puts(*before == '[' ? "[]" : "]");
}

static void listed(void *data, struct json result)
{
    static const char *const heads[] = {"RUN",     "POLICY",      "CLUSTER", "SINCE",    "EXPIRES",
                                        "CHANGES", "DESTRUCTIVE", "INERT",   "APPROVALS"};
    static const char *const keys[] = {"run",     "policy",  "cluster",     "since",
                                       "expires", "changes", "destructive", "inert"};
    struct asking *a = data;
    struct table t;
    size_t n = 0;
    if (!a->s.options.policy && as_json(data, result))
        return;
    for (struct json_iter it = json_iter(result); json_next(&it);)
        n += is_meant(a, it.value);
    if (a->s.options.output == OUTPUT_JSON) {
        print_meant(a, result);
        return;
    }
    if (!n) {
        printf("no run%s%s waits for approval\n", a->s.options.policy ? " of " : "", or_empty(a->s.options.policy));
        return;
    }
    static const char *const drop[] = {"INERT", "SINCE", NULL};
    table_begin(&t, sizeof heads / sizeof *heads, heads);
    table_narrow(&t, NULL, drop);
    for (struct json_iter it = json_iter(result); json_next(&it);) {
        if (!is_meant(a, it.value))
            continue;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            cell(&t, it.value, keys[i]);
        approvals_cell(&t, it.value);
    }
    table_print(&t, stdout);
}

static void print_text(struct json value)
{
    struct buf text = BUF_INIT;
    if (json_decode(value, &text) && text.len)
        fwrite(text.ptr, 1, text.len, stdout);
    buf_free(&text);
}

static void shown(void *data, struct json result)
{
    struct asking *a = data;
    if (as_json(a, result))
        return;
    for (struct json_iter it = json_iter(json_get(result, "plan")); json_next(&it);) {
        print_text(json_get(it.value, "job"));
        if (!json_string_is(json_get(it.value, "part"), str_of("object"))) {
            fputs("'s ", stdout);
            print_text(json_get(it.value, "part"));
        }
        fputc('\n', stdout);
        print_text(json_get(it.value, "text"));
        fputs("  ", stdout);
        print_text(json_get(it.value, "effect"));
        fputs(": ", stdout);
        print_text(json_get(it.value, "why"));
        putchar('\n');
    }
    size_t given = json_count(json_get(result, "given"));
    if (number_of(result, "quorum") > 1)
        printf("%zu of %" PRId64 " approvals%s", given, number_of(result, "quorum"), given ? ": " : "\n");
    for (struct json_iter it = json_iter(json_get(result, "given")); given && json_next(&it);) {
        print_text(json_get(it.value, "by"));
        fputs(--given ? ", " : "\n", stdout);
    }
    int64_t changes = number_of(result, "changes");
    printf("%" PRId64 " change%s, %" PRId64 " destructive, %" PRId64 " inert; mpijobd approve %" PRId64
           " makes exactly these\n",
           changes, changes == 1 ? "" : "s", number_of(result, "destructive"), number_of(result, "inert"), a->run);
}

static void approved(void *data, struct json result)
{
    struct asking *a = data;
    int64_t run = number_of(result, "run"), left = number_of(result, "left"), failed = number_of(result, "failed");
    int64_t changed = number_of(result, "changed"), already = number_of(result, "already");
    int64_t given = number_of(result, "given"), quorum = number_of(result, "quorum");
    a->code = quorum               ? EXIT_LIMITED
              : !left && !failed   ? EXIT_DONE
              : changed || already ? EXIT_SOME_FAILED
                                   : EXIT_FAILED;
    if (as_json(a, result))
        return;
    if (quorum) {
        printf("run %" PRId64 " has %" PRId64 " of %" PRId64 " approvals; it waits for %s\n", a->run, given, quorum,
               quorum - given == 1 ? "another person's" : "those of others");
        return;
    }
    printf("run %" PRId64 " is approved: %" PRId64 " changed, %" PRId64 " already as planned, %" PRId64
           " left, %" PRId64 " failed\n",
           a->run, changed, already, left, failed);
    if (left)
        printf("what has moved since is left: mpijobd runs %" PRId64 " and the log name it\n", run);
    if (changed || failed) /* what failed may be changed in part */
        printf("this is run %" PRId64 "; mpijobd undo %" PRId64 " takes it back\n", run, run);
}

static void rejected(void *data, struct json result)
{
    struct asking *a = data;
    if (!as_json(a, result))
        printf("run %" PRId64 " is rejected: nothing of its plan is made\n", a->run);
}

static void extended(void *data, struct json result)
{
    struct asking *a = data;
    char until[64];
    if (as_json(a, result))
        return;
    json_string_at(result, "/expires", until, sizeof until);
    printf("run %" PRId64 " waits until %s\n", a->run, without_fraction(until));
}

static void write_args(void *data, struct json_writer *w)
{
    const struct asking *a = data;
    if (a->run) {
        json_write_key(w, "run");
        json_write_int(w, a->run);
    }
    if (a->seconds) {
        json_write_key(w, "seconds");
        json_write_int(w, a->seconds);
    }
    if (a->s.options.override) {
        json_write_key(w, "override");
        json_write_bool(w, true);
    }
    if (a->s.options.reason) {
        json_write_key(w, "reason");
        json_write_string(w, a->s.options.reason);
    }
}

static int ask(struct asking *a, const char *verb, void (*answered)(void *data, struct json result))
{
    bool reached;
    struct daemon_question q = {.verb = verb, .more = write_args, .answered = answered, .data = a};
    if (daemon_ask(&a->s, &q, &reached))
        return session_fail(&a->s, &a->s.error);
    return a->code;
}

static void gather(void *data, struct json result)
{
    struct asking *a = data;
    for (struct json_iter it = json_iter(result); json_next(&it);) {
        int64_t *all = is_meant(a, it.value) ? grown(a->all, a->all_count, &a->all_cap, sizeof *all, 16) : NULL;
        if (!all)
            continue;
        a->all = all;
        a->all[a->all_count++] = number_of(it.value, "run");
    }
}

/* Those that wait now, one after the other: what becomes of one holds up no other. */
static int approve_all(struct asking *a)
{
    bool json = a->s.options.output == OUTPUT_JSON;
    int code = ask(a, "waiting", gather), first = code;
    if (!code && !a->all_count && !json)
        printf("no run of %s waits for approval\n", a->s.options.policy);
    if (!code && json)
        puts("[");
    for (size_t i = 0; i < a->all_count; i++) {
        a->run = a->all[i];
        a->code = EXIT_DONE;
        int one = ask(a, "approve", approved);
        first = i ? first : one;
        code = one == first && (!i || code == first) ? one : EXIT_SOME_FAILED;
    }
    if (json)
        puts("]");
    free(a->all);
    return code;
}

/* True: go on. */
static bool begin(int argc, char **argv, const struct command *command, struct asking *a, struct options *o, int *code)
{
    int arguments = command == &cmd_extend ? 2 : 1;
    if (!command_begin(argc, argv, command, o, code))
        return false;
    const char *run = o->argument_count ? o->arguments[0] : NULL;
    if (o->argument_count > arguments || (run && !command_run_number(run, &a->run)))
        *code = command_usage(command, "takes the number of one run, from 1; mpijobd approve lists those that wait");
    else if (o->output == OUTPUT_YAML || o->output == OUTPUT_NAME)
        *code = command_usage(command, "-o takes table or json here");
    else if ((run && (o->policy || o->all)) || (o->all && (!o->policy || o->dry_run)))
        *code = command_usage(command, "--all goes with --policy, and without a run and --dry-run: all runs of the "
                                       "policy that wait now");
    else
        return true;
    return false;
}

static int run_approve(int argc, char **argv, const struct command *command)
{
    struct asking a = {0};
    struct options o;
    int code;
    if (!begin(argc, argv, command, &a, &o, &code))
        return code;
    bool show = a.run && o.dry_run;
    code = session_open(&a.s, command->name, &o);
    if (!code && o.all)
        code = session_close(&a.s, approve_all(&a));
    else if (!code)
        code = session_close(&a.s, ask(&a, a.run && !show ? "approve" : "waiting",
                                       show    ? shown
                                       : a.run ? approved
                                               : listed));
    return code;
}

static int run_reject(int argc, char **argv, const struct command *command)
{
    struct asking a = {0};
    struct options o;
    int code;
    if (!begin(argc, argv, command, &a, &o, &code))
        return code;
    if (!a.run)
        return command_usage(command, "name the run; mpijobd approve lists those that wait");
    code = session_open(&a.s, command->name, &o);
    if (!code)
        code = session_close(&a.s, ask(&a, "reject", rejected));
    return code;
}

static int run_extend(int argc, char **argv, const struct command *command)
{
    struct asking a = {0};
    struct options o;
    struct error err;
    int64_t us;
    int code;
    if (!begin(argc, argv, command, &a, &o, &code))
        return code;
    if (o.argument_count != 2)
        return command_usage(command, "takes a run and by how much: mpijobd extend 42 12h");
    if (duration_parse(o.arguments[1], &us, &err))
        return command_usage(command, "%s", err.message);
    if (us < CLOCK_SECOND || us % CLOCK_SECOND)
        return command_usage(command, "takes whole seconds, from 1s; not %s", o.arguments[1]);
    a.seconds = us / CLOCK_SECOND;
    code = session_open(&a.s, command->name, &o);
    if (!code)
        code = session_close(&a.s, ask(&a, "extend", extended));
    return code;
}

const struct command cmd_approve = {"approve",
                                    "[RUN] [--policy NAME [--all]] [--dry-run] [--override]",
                                    "The runs that wait for approval; or have the plan of one made",
                                    TAKES_STATE | TAKES_OUTPUT | TAKES_DRY_RUN | TAKES_TIMES | TAKES_OVERRIDE |
                                        TAKES_WAITING,
                                    run_approve,
                                    "  mpijobd approve\n"
                                    "  mpijobd approve 42 --dry-run      shows what it would do\n"
                                    "  mpijobd approve 42\n"
                                    "  mpijobd approve --policy free-gpus --all      all of it that wait now\n"};

const struct command cmd_reject = {"reject",
                                   "RUN [--reason TEXT]",
                                   "Have the plan of a run that waits for approval not be made",
                                   TAKES_STATE | TAKES_OUTPUT | TAKES_REJECT,
                                   run_reject,
                                   "  mpijobd reject 42 --reason \"not this week\"\n"};

const struct command cmd_extend = {"extend",
                                   "RUN DURATION",
                                   "Have the plan of a run that waits for approval expire later",
                                   TAKES_STATE | TAKES_OUTPUT,
                                   run_extend,
                                   "  mpijobd extend 42 12h\n"};
