/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd check and mpijobd next: policies without a cluster. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/check/cmd_check.h"
#include "cli/check/looks.h"
#include "cli/check/tell.h"
#include "cli/session/needs.h"
#include "cli/session/policies.h"
#include "policy/asked_again.h"
#include "time/duration.h"
#include "trigger/schedule.h"
#include "json/write.h"

struct checking {
    struct session s;
    struct found found;
    int64_t now, count; /* count: of the coming times */
    bool check;         /* else the times alone are wanted */
};

/* ---- the policies and their times ---- */

/* "2026-11-24T09:00:00+01:00", and how the zone's offset has changed since the last one. */
static void print_time(const struct policy *p, int64_t due, int64_t *before)
{
    char text[40];
    int64_t change, seconds = due / CLOCK_SECOND;
    zone_format(p->zone, seconds, text);
    printf("  %s", text);
    if (*before && zone_next_change(p->zone, *before, &change) && change <= seconds) {
        int32_t was = zone_at(p->zone, change - 1).seconds, is = zone_at(p->zone, change).seconds;
        char when[40];
        zone_format(p->zone, change, when);
        printf("   <- the clocks went %s by %d min at %s", is > was ? "forward" : "back", abs(is - was) / 60, when);
    }
    putchar('\n');
    *before = seconds;
}

static void print_times(const struct policy *p, int64_t now, int64_t count)
{
    int64_t due = now, before = now / CLOCK_SECOND;
    struct error err;
    for (int64_t i = 0; i < count && !p->on; i++) {
        if (policy_next_due(p, due, &due, &err)) {
            printf("  (no further times: %s)\n", err.message);
            return;
        }
        print_time(p, due, &before);
    }
}

/* When `where` of a policy with `on` is asked. */
static void print_asked(const struct policy *p)
{
    struct buf when = BUF_INIT, not = BUF_INIT;
    if (!policy_asks_again(p))
        return;
    policy_when_asked(p, &when);
    policy_not_asked(p, &not );
    printf("  %s\n", when.failed ? "" : when.ptr);
    if (not .len)
        printf("  %s\n", not .ptr);
    buf_free(&when);
    buf_free(&not );
}

static void write_asked(struct json_writer *w, const struct policy *p)
{
    char span[32];
    if (!policy_asks_again(p))
        return;
    duration_format(p->recheck, false, span);
    json_write_key(w, "recheck");
    json_write_string(w, p->recheck ? span : NULL);
    json_write_key(w, "where_asks");
    json_write_string(w, p->moving);
}

/* Where the policy stands aside, by the configured versions. */
static void write_aside(struct json_writer *w, const struct session *s, const struct policy *p)
{
    json_write_key(w, "not_in_force");
    json_write_array(w);
    for (size_t i = 0; i < s->aside_count; i++) {
        const struct session_aside *a = &s->aside[i];
        if (strcmp(a->policy, p->name) != 0)
            continue;
        json_write_object(w);
        json_write_key(w, "cluster");
        json_write_string(w, a->cluster);
        json_write_key(w, "why");
        json_write_string(w, a->why);
        json_write_end(w);
    }
    json_write_end(w);
}

static void write_policy(struct json_writer *w, const struct session *s, const struct policy *p, int64_t now,
                         int64_t count)
{
    char text[POLICY_TRIGGER_TEXT];
    int64_t due = now;
    json_write_object(w);
    json_write_key(w, "name");
    json_write_string(w, p->name);
    json_write_key(w, "file");
    json_write_string(w, p->file);
    json_write_key(w, "line");
    json_write_int(w, p->line);
    json_write_key(w, "trigger");
    json_write_string(w, policy_trigger_text(p, text));
    json_write_key(w, "timezone");
    json_write_string(w, zone_name(p->zone));
    write_asked(w, p);
    json_write_key(w, "next");
    json_write_array(w);
    for (int64_t n = 0; n < count && policy_next_due(p, due, &due, NULL) == 0; n++) {
        zone_format(p->zone, due / CLOCK_SECOND, text);
        json_write_string(w, text);
    }
    json_write_end(w);
    write_aside(w, s, p);
    json_write_end(w);
}

/* set NULL: the policies could not be loaded. */
static void write_json(const struct checking *c, const struct policy_set *set)
{
    struct buf out = BUF_INIT;
    struct json_writer w;
    json_writer_init(&w, &out);
    if (c->s.options.output == OUTPUT_SARIF) {
        tell_sarif(&c->found, &w);
    } else {
        json_write_array(&w);
        for (size_t i = 0; set && i < set->count; i++)
            write_policy(&w, &c->s, set->entries[i].policy, c->now, c->count);
        tell_json(&c->found, &w);
        json_write_end(&w);
    }
    if (!out.failed)
        puts(out.ptr);
    buf_free(&out);
}

static void print_plugins(const struct policy_set *set)
{
    for (size_t i = 0; i < set->plugins.count; i++) {
        const struct plugin *p = set->plugins.items[i];
        printf("plugin %s  %s%s\n", p->name, p->path, p->locked ? "  (locked)" : "");
    }
}

/* The rows of the policies stand below each other, with what is said of each between them. */
static void print_table(const struct checking *c, const struct policy_set *set)
{
    char text[POLICY_TRIGGER_TEXT];
    int widths[2] = {0, 0};
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        int name = (int)strlen(p->name), trigger = (int)strlen(policy_trigger_text(p, text));
        widths[0] = name > widths[0] ? name : widths[0];
        widths[1] = trigger > widths[1] ? trigger : widths[1];
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        printf("%-*s  %-*s  %s:%d%s\n", widths[0], p->name, widths[1], policy_trigger_text(p, text), p->file, p->line,
               p->dry_run ? "  (dry run)" : "");
        for (size_t k = 0; k < p->asked_count; k++)
            printf("  %s: %s (plugin %s)\n", p->asked[k].name, p->asked[k].wanted, p->asked[k].plugin);
        print_asked(p);
        print_times(p, c->now, c->count);
    }
}

static void print(const struct checking *c, const struct policy_set *set)
{
    enum output output = c->s.options.output;
    if (output == OUTPUT_JSON || output == OUTPUT_SARIF) {
        write_json(c, set);
        return;
    }
    for (size_t i = 0; set && i < set->count && output == OUTPUT_NAME; i++)
        puts(set->entries[i].policy->name);
    if (!set || output == OUTPUT_NAME)
        return;
    if (c->check)
        print_plugins(set);
    print_table(c, set);
}

/* ---- what is looked for ---- */

/* They are told at once: what the command says of the load comes behind them. */
static void mistakes(void *data, const struct policy_set *set)
{
    struct checking *c = data;
    found_add_mistakes(&c->found, set);
    tell_text(&c->found, stderr);
}

static void undeclared(void *data, const char *file, const char *message)
{
    struct checking *c = data;
    found_add_file(&c->found, RULE_PLUGIN, file, 0, (struct str){0}, 0, message);
}

/* They are printed as every command prints them. */
static void add_aside(struct checking *c, const struct policy_set *set)
{
    for (size_t i = 0; i < c->s.aside_count; i++) {
        const struct session_aside *a = &c->s.aside[i];
        for (size_t k = 0; k < set->count; k++) {
            if (strcmp(set->entries[k].policy->name, a->policy) != 0)
                continue;
            found_add(&c->found, RULE_ASIDE, (struct found_place){&set->entries[k], "replace", NULL},
                      "not in force on cluster %s: %s", a->cluster, a->why);
            if (!c->found.failed)
                c->found.items[c->found.count - 1].told = true;
        }
    }
}

static void look(struct checking *c, const struct policy_set *set)
{
    add_aside(c, set);
    needs_undeclared(set, undeclared, c);
    for (size_t i = 0; i < set->count; i++)
        look_one(&c->found, &c->s, &set->entries[i], c->now);
    look_pairs(&c->found, set);
}

/* What was found, on standard error too where standard output is for programs. */
static int tell(struct checking *c, int code)
{
    struct session *s = &c->s;
    size_t errors = c->found.errors, warnings = c->found.warnings;
    bool bad = errors || (warnings && s->options.strict);
    fflush(stdout);
    tell_text(&c->found, stderr);
    if (c->found.failed) {
        error_nomem(&s->error);
        return session_fail(s, &s->error);
    }
    if (code || !bad)
        return code; /* an error of the load was told */
    error_set(&s->error, ERR_INVALID, "%zu error%s, %zu warning%s%s", errors, errors == 1 ? "" : "s", warnings,
              warnings == 1 ? "" : "s", errors ? "" : "; with --strict these count as errors");
    return session_fail(s, &s->error);
}

static int load_and_print(struct checking *c)
{
    struct session *s = &c->s;
    struct engine_options e = {.once = true, .check = c->check};
    s->acts = true;
    if (c->check) {
        s->mistakes = mistakes;
        s->mistakes_data = c;
    }
    int code = policies_load(s, &e, s->options.arguments);
    const struct policy_set *set = s->engine ? engine_policies(s->engine) : NULL;
    bool structured = s->options.output == OUTPUT_JSON || s->options.output == OUTPUT_SARIF;
    c->now = clock_now(&s->clock);
    if (c->check && set)
        look(c, set);
    found_sort(&c->found);
    if (!code || (structured && (set || c->found.count)))
        print(c, set);
    return c->check ? tell(c, code) : code;
}

static int begin(int argc, char **argv, const struct command *command, int64_t count)
{
    struct checking c = {.check = command == &cmd_check};
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (!o.argument_count && !o.config)
        return command_usage(command, "name policy files or folders, or a configuration that does (--config)");
    if (o.output == OUTPUT_YAML)
        return command_usage(command, "-o takes table, json or name here");
    c.count = o.count >= 0 ? o.count : count;
    code = session_open(&c.s, command->name, &o);
    if (code)
        return code;
    code = load_and_print(&c);
    found_free(&c.found);
    return session_close(&c.s, code);
}

static int run_check(int argc, char **argv, const struct command *command)
{
    return begin(argc, argv, command, 3);
}

static int run_next(int argc, char **argv, const struct command *command)
{
    return begin(argc, argv, command, 10);
}

const struct command cmd_check = {
    "check",
    "PATH... [--strict] [-o json|sarif]",
    "Load policies without a cluster; print what is wrong or cannot be meant, and the next run times",
    TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES | TAKES_CHECK,
    run_check,
    "  mpijobd check policies/\n"
    "  mpijobd check --strict policies/            exits with 1 for warnings, too\n"
    "  mpijobd check -o sarif policies/ >check.sarif\n"};
const struct command cmd_next = {"next",
                                 "PATH... [-c N]",
                                 "The coming run times, with the zone's clock changes marked",
                                 TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES,
                                 run_next,
                                 "  mpijobd next policies/nightly.lua -c 30\n"};
