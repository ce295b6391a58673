/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd check and mpijobd next: policies without a cluster, unless one is named. */
#include "cli/check/cmd_check.h"
#include "cli/check/check_plugins.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/check/check_files.h"
#include "cli/check/checking.h"
#include "cli/check/looks.h"
#include "cli/check/tell.h"
#include "cli/paused/paused_shared.h"
#include "cli/session/deprecated.h"
#include "cli/session/folder_watch.h"
#include "cli/session/needs.h"
#include "cli/session/policies.h"

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

static void deprecated(void *data, const char *file, int line, struct str text, size_t at, const char *message)
{
    struct checking *c = data;
    found_add_file(&c->found, RULE_DEPRECATED, file, line, text, at, message);
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

static void look_inert_on(struct found *found, const struct policy_entry *e, const struct cluster *cluster)
{
    for (size_t i = 0; i < e->policy->kinds.count; i++)
        look_inert(found, e, cluster_name(cluster), cluster_target(cluster, e->policy->kinds.of[i].kind));
}

/* By the clusters that are connected, else by the versions that are configured. */
static void look_versions(struct checking *c, const struct policy_set *set)
{
    const struct session *s = &c->s;
    struct policy_known *known = calloc(s->config.cluster_count + 1, sizeof *known);
    size_t n = known ? policies_configured(s, known) : 0;
    c->found.failed = c->found.failed || !known;
    for (size_t i = 0; i < set->count; i++) {
        const struct policy_entry *e = &set->entries[i];
        for (size_t k = 0; k < s->cluster_count; k++) {
            const struct session_cluster *at = &s->clusters[k];
            if (!at->lost)
                look_inert_on(&c->found, e, at->cluster);
        }
        for (size_t k = 0; k < n; k++)
            look_inert(&c->found, e, known[k].cluster, known[k].target);
    }
    free(known);
}

static void look(struct checking *c, const struct policy_set *set)
{
    add_aside(c, set);
    needs_undeclared(set, undeclared, c);
    deprecated_uses(set, deprecated, c);
    for (size_t i = 0; i < set->count; i++)
        look_one(&c->found, &c->s, &set->entries[i], c->now);
    look_pairs(&c->found, set);
    look_versions(c, set);
    if (c->roles)
        look_rights(&c->found, set, (const char *const *)c->s.namespaces, c->roles, c->s.options.role);
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

/* Where no cluster says it better. */
static int version_check(struct session *s)
{
    const struct options *o = &s->options;
    enum mpijob_version version;
    enum mpijob_controller controller;
    if (o->api_version && !mpijob_version_parse(str_of(o->api_version), &version))
        return error_set(&s->error, ERR_INVALID, "--api-version takes v1alpha2, v1 or v2beta1, not \"%s\"",
                         o->api_version);
    if (o->controller && !mpijob_controller_parse(str_of(o->controller), &controller))
        return error_set(&s->error, ERR_INVALID,
                         "--controller takes mpi-operator, training-operator or cci, not \"%s\"", o->controller);
    return 0;
}

/* Where the command line names a cluster. */
static int connect_named(struct session *s)
{
    const struct options *o = &s->options;
    if (!o->kubeconfig && !o->context && !o->cluster && !o->as)
        return version_check(s) ? session_fail(s, &s->error) : 0;
    int code = session_clusters(s);
    return code ? code : session_connect(s);
}

static int load_and_print(struct checking *c)
{
    struct session *s = &c->s;
    struct engine_options e = {.once = true, .check = c->check};
    s->acts = true;
    session_scope(s, true);
    if (s->options.role && roles_read(s->options.role, &c->roles, &s->error))
        return session_fail(s, &s->error);
    int code = connect_named(s);
    if (code)
        return code;
    if (check_plugins_add(s, s->options.arguments))
        return session_fail(s, &s->error);
    if (c->check) {
        s->mistakes = mistakes;
        s->mistakes_data = c;
    }
    code = policies_load(s, &e, s->options.arguments);
    const struct policy_set *set = s->engine ? engine_policies(s->engine) : NULL;
    bool structured = s->options.output == OUTPUT_JSON || s->options.output == OUTPUT_SARIF;
    c->now = clock_now(&s->clock);
    if (c->check && set)
        look(c, set);
    found_sort(&c->found);
    if (!code || (structured && (set || c->found.count)))
        check_print(c, set);
    return c->check ? tell(c, code) : code;
}

static int check_once(const struct command *command, const struct options *o, int64_t count)
{
    struct checking c = {.check = command == &cmd_check, .count = count};
    int code = session_open(&c.s, command->name, o);
    if (code)
        return code;
    if (!c.check && paused_read(&c.s, &c.paused)) { /* the times are told all the same */
        if (o->state)
            return session_close(&c.s, session_fail(&c.s, &c.s.error));
        fprintf(stderr, "mpijobd next: it is not known which policies are paused: %s\n", c.s.error.message);
    }
    code = load_and_print(&c);
    paused_free(&c.paused);
    found_free(&c.found);
    roles_free(c.roles);
    return session_close(&c.s, code);
}

/* Again and again. Ends with an error, or by a signal. */
static int check_watching(const struct command *command, const struct options *o, int64_t count)
{
    struct error err;
    uv_loop_t loop;
    int rc = uv_loop_init(&loop) ? error_nomem(&err) : 0;
    while (!rc) {
        struct folder_watch *changes;
        char **files;
        rc = check_files(o, &files, &err);
        if (!rc && (rc = folder_watch_begin(&loop, files, &changes, &err)))
            check_files_free(files);
        if (rc)
            break;
        check_once(command, o, count);
        puts("\nwaiting for a change");
        fflush(stdout);
        folder_watch_wait(changes);
        folder_watch_end(changes);
        check_files_free(files);
    }
    fprintf(stderr, "mpijobd check: %s\n", err.message);
    return EXIT_FAILED;
}

static int begin(int argc, char **argv, const struct command *command, int64_t count)
{
    struct options o;
    int code;
    if (!command_begin(argc, argv, command, &o, &code))
        return code;
    if (!o.argument_count && !o.config)
        return command_usage(command, "name policy files or folders, or a configuration that does (--config)");
    if (o.output == OUTPUT_YAML)
        return command_usage(command, "-o takes table, json or name here");
    if (o.watch && o.output != OUTPUT_TABLE)
        return command_usage(command, "--watch is for people: leave out -o");
    count = o.count >= 0 ? o.count : count;
    return o.watch ? check_watching(command, &o, count) : check_once(command, &o, count);
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
    "PATH... [--strict] [--role FILE] [--watch] [-o json|sarif]",
    "Load policies without a cluster; print what is wrong or cannot be meant, and the next run times",
    TAKES_CLUSTER | TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES | TAKES_CHECK,
    run_check,
    "  mpijobd check policies/\n"
    "  mpijobd check --strict policies/            exits with 1 for warnings, too\n"
    "  mpijobd check -o sarif policies/ >check.sarif\n"
    "  mpijobd check --role role.yaml policies/    and what they need that this role lacks\n"
    "  mpijobd check --api-version v1 policies/    and what nothing acts on in this version; --context: on this "
    "cluster\n"};
const struct command cmd_next = {
    "next",
    "PATH... [-c N]",
    "The coming run times, with the zone's clock changes marked, and policies that are paused",
    TAKES_STATE | TAKES_OUTPUT | TAKES_COUNT | TAKES_POLICIES,
    run_next,
    "  mpijobd next policies/nightly.lua -c 30\n"};
