/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd check and mpijobd next: policies without a cluster. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/session/needs.h"
#include "cli/session/policies.h"
#include "policy/asked_again.h"
#include "time/duration.h"
#include "trigger/schedule.h"
#include "json/write.h"

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

static void write_json(const struct session *s, int64_t now, int64_t count)
{
    const struct policy_set *set = engine_policies(s->engine);
    struct buf out = BUF_INIT;
    struct json_writer w;
    char text[160];
    json_writer_init(&w, &out);
    json_write_array(&w);
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        int64_t due = now;
        json_write_object(&w);
        json_write_key(&w, "name");
        json_write_string(&w, p->name);
        json_write_key(&w, "file");
        json_write_string(&w, p->file);
        json_write_key(&w, "line");
        json_write_int(&w, p->line);
        json_write_key(&w, "trigger");
        json_write_string(&w, policy_trigger_text(p, text));
        json_write_key(&w, "timezone");
        json_write_string(&w, zone_name(p->zone));
        write_asked(&w, p);
        json_write_key(&w, "next");
        json_write_array(&w);
        for (int64_t n = 0; n < count && policy_next_due(p, due, &due, NULL) == 0; n++) {
            zone_format(p->zone, due / CLOCK_SECOND, text);
            json_write_string(&w, text);
        }
        json_write_end(&w);
        write_aside(&w, s, p);
        json_write_end(&w);
    }
    json_write_end(&w);
    if (!out.failed)
        puts(out.ptr);
    buf_free(&out);
}

static void print_policies(struct session *s, int64_t count)
{
    const struct policy_set *set = engine_policies(s->engine);
    int64_t now = clock_now(&s->clock);
    char text[160];
    if (s->options.output == OUTPUT_JSON) {
        write_json(s, now, count);
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (s->options.output == OUTPUT_NAME) {
            puts(p->name);
            continue;
        }
        printf("%s  %s  %s:%d%s\n", p->name, policy_trigger_text(p, text), p->file, p->line,
               p->dry_run ? "  (dry run)" : "");
        for (size_t k = 0; k < p->asked_count; k++)
            printf("  %s: %s (plugin %s)\n", p->asked[k].name, p->asked[k].wanted, p->asked[k].plugin);
        print_asked(p);
        print_times(p, now, count);
    }
}

static void print_plugins(const struct session *s)
{
    const struct policy_set *set = engine_policies(s->engine);
    for (size_t i = 0; i < set->plugins.count && s->options.output == OUTPUT_TABLE; i++) {
        const struct plugin *p = set->plugins.items[i];
        printf("plugin %s  %s%s\n", p->name, p->path, p->locked ? "  (locked)" : "");
    }
}

static void tell_undeclared(void *data, const char *file, const char *message)
{
    (void)data;
    fprintf(stderr, "%s: %s\n", file, message);
}

static int check_plugins(struct session *s)
{
    size_t n = needs_undeclared(engine_policies(s->engine), tell_undeclared, NULL);
    if (!n)
        return EXIT_DONE;
    error_set(&s->error, ERR_INVALID, "%zu error%s in the plugins", n, n == 1 ? "" : "s");
    return session_fail(s, &s->error);
}

static int load_and_print(int argc, char **argv, const struct command *command, int64_t count)
{
    struct options o;
    struct session s;
    struct engine_options e = {.once = true, .check = command == &cmd_check};
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (!o.argument_count && !o.config)
        return command_usage(command, "name policy files or folders, or a configuration that does (--config)");
    if (o.output == OUTPUT_YAML)
        return command_usage(command, "-o takes table, json or name here");
    code = session_open(&s, command->name, &o);
    if (code)
        return code;
    s.acts = true;
    code = policies_load(&s, &e, o.arguments);
    bool all_aside = code && s.engine && engine_policies(s.engine);
    if (!code && command == &cmd_check)
        code = check_plugins(&s);
    if (!code && command == &cmd_check)
        print_plugins(&s);
    if (!code || (all_aside && o.output == OUTPUT_JSON))
        print_policies(&s, o.count >= 0 ? o.count : count);
    return session_close(&s, code);
}

static int run_check(int argc, char **argv, const struct command *command)
{
    return load_and_print(argc, argv, command, 3);
}

static int run_next(int argc, char **argv, const struct command *command)
{
    return load_and_print(argc, argv, command, 10);
}

const struct command cmd_check = {"check",
                                  "PATH... [-o json]",
                                  "Load policies without a cluster; print all errors, and the next run times",
                                  TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES,
                                  run_check,
                                  "  mpijobd check policies/\n"};
const struct command cmd_next = {"next",
                                 "PATH... [-c N]",
                                 "The coming run times, with the zone's clock changes marked",
                                 TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES,
                                 run_next,
                                 "  mpijobd next policies/nightly.lua -c 30\n"};
