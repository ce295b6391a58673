/* SPDX-License-Identifier: Apache-2.0 */
/* The engine of a command, and the policies loaded into it. */
#include "cli/session/policies.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/texts.h"
#include "binding/modules.h"
#include "cli/config/config_changes.h"
#include "mpijob/dialect.h"
#include "mpijob/kind.h"
#include "policy/in_force.h"
#include "store/store.h"

#define RECORD_BYTES (64 * 1024 * 1024) /* with --record, where journal.record says nothing */

static bool quarantined(const struct policy_set *set)
{
    for (size_t i = 0; i < set->file_count; i++) {
        if (set->files[i]->quarantined)
            return true;
    }
    return false;
}

static void tell_aside(void *data, const struct policy *policy, const char *cluster, const char *why)
{
    (void)data;
    fprintf(stderr, "%s:%d: policy \"%s\": not in force on cluster %s: %s\n", policy->file, policy->line, policy->name,
            cluster, why);
}

/* Kept for those that tell it in another form. */
static void keep_aside(void *data, const struct policy *policy, const char *cluster, const char *why)
{
    struct session *s = data;
    struct session_aside *aside = realloc(s->aside, (s->aside_count + 1) * sizeof *aside), one = {0};
    if (!aside)
        return;
    s->aside = aside;
    one.texts = TEXTS_COPY({&one.policy, policy->name}, {&one.cluster, cluster}, {&one.why, why});
    if (one.texts)
        aside[s->aside_count++] = one;
}

/* A daemon logs it itself, and goes on without a policy in force: another version may be served one day. */
static void look_aside(struct session *s, const struct policy_set *set)
{
    bool logged = s->options.once; /* by the engine, when it comes to the policy */
    if (s->acts)
        policy_set_stand(set, keep_aside, s);
    if (s->acts && set->count && policy_set_stand(set, logged ? NULL : tell_aside, s) == 0) {
        if (logged)
            policy_set_stand(set, tell_aside, s);
        error_set(&s->error, ERR_INVALID, "no policy is in force on any cluster; nothing was run");
    }
}

static void print_mistakes(const struct policy_set *set)
{
    for (size_t i = 0; i < set->error_count; i++) {
        const struct policy_error *e = &set->errors[i];
        if (e->line)
            fprintf(stderr, "%s:%d: %s\n", e->file, e->line, e->message);
        else
            fprintf(stderr, "%s: %s\n", e->file, e->message);
    }
}

static void loaded(void *data, const struct policy_set *set)
{
    struct session *s = data;
    if (s->mistakes)
        s->mistakes(s->mistakes_data, set);
    else
        print_mistakes(set);
    if (set->error_count) {
        error_set(&s->error, ERR_INVALID, "%zu error%s in the policies; nothing was run", set->error_count,
                  set->error_count == 1 ? "" : "s");
    } else if (set->count == 0 && !quarantined(set)) {
        error_set(&s->error, ERR_INVALID, "the files define no policy; a policy file calls policy { ... }");
    }
    s->flag = true;
}

size_t policies_configured(const struct session *s, struct policy_known *known)
{
    size_t n = 0;
    for (size_t i = 0; i < s->config.cluster_count && !s->cluster_count; i++) {
        const struct config_cluster *c = &s->config.clusters[i];
        struct mpijob_target target = {.kind = KIND_MPIJOB};
        const char *version = s->options.api_version ? s->options.api_version : c->version;
        const char *controller = s->options.controller ? s->options.controller : c->controller;
        if (!version || !mpijob_version_parse(str_of(version), &target.version) ||
            !mpijob_kind_has(target.kind, target.version))
            continue;
        if (!controller || !mpijob_controller_parse(str_of(controller), &target.controller) ||
            !mpijob_dialect_known(mpijob_dialect(target)))
            target.controller = mpijob_controller_of(KIND_MPIJOB, target.version);
        known[n++] = (struct policy_known){c->name, target};
    }
    return n;
}

/* Policies may be about kinds of plugins, whose versions the clusters are looking for now. */
static void wait_for_versions(struct session *s)
{
    for (size_t i = 0; i < s->cluster_count; i++) {
        const struct session_cluster *at = &s->clusters[i];
        while (!at->lost && cluster_ready(at->cluster) && cluster_looking(at->cluster))
            uv_run(&s->loop, UV_RUN_ONCE);
    }
}

static int load(struct session *s, struct engine_options *options, char **paths)
{
    error_clear(&s->error);
    if (engine_new(options, &s->engine, &s->error) ||
        engine_load(s->engine, (const char *const *)paths, loaded, s, &s->error))
        return session_fail(s, &s->error);
    session_wait(s);
    uv_run(&s->loop, UV_RUN_NOWAIT); /* the engine takes the set over when `loaded` has returned */
    if (!s->error.code) {
        wait_for_versions(s);
        look_aside(s, engine_policies(s->engine));
    }
    return s->error.code ? session_fail(s, &s->error) : 0;
}

void policies_basics(struct session *s, struct engine_options *options)
{
    options->loop = &s->loop;
    options->soon = &s->soon;
    options->clock = &s->clock;
    options->log = &s->log;
    options->cluster_names = session_cluster_names(s);
    options->sharded = s->config.lead.shards;
    options->ceilings = s->config.limits;
    options->freezes = &s->config.freezes;
    options->changes_per_hour = s->config.changes_per_hour;
    options->gap = s->config.write_gap;
    options->open = binding_open;
    options->plugins = s->config.plugins;
    options->plugin_count = s->config.plugin_count;
    options->plugin_lock = s->config.plugins_lock;
    options->config = s->config.file;
    options->config_text = buf_str(&s->config.text);
    options->config_tell = config_changes;
}

static char **named(struct session *s, char **paths)
{
    return paths[0] ? paths : s->config.policies;
}

int policies_named(struct session *s, char **paths)
{
    char **all = named(s, paths);
    if (all && all[0])
        return 0;
    error_set(&s->error, ERR_INVALID, "no policies: name files or folders, or set `policies:` in mpijobd.yaml");
    session_fail(s, &s->error);
    return EXIT_USAGE;
}

int policies_load(struct session *s, struct engine_options *options, char **paths)
{
    int code = policies_named(s, paths);
    if (code)
        return code;
    paths = named(s, paths);
    policies_basics(s, options);
    options->journal = store_journal(s->store);
    if (!options->state)
        options->state = store_state(s->store);
    options->store = s->store;
    options->metrics = s->metrics;
    options->silence = s->config.watch_silence;
    options->keep = s->config.journal_keep;
    options->record = (int64_t)s->config.record;
    if (s->options.record && !options->record)
        options->record = RECORD_BYTES;
    options->keep_bytes = (int64_t)s->config.journal_size;
    if (session_outside(s))
        return EXIT_FAILED;
    options->outside = s->outside;
    options->events = s->config.events;
    struct engine_place *places = calloc(s->cluster_count + 1, sizeof *places);
    struct policy_known *known = calloc(s->config.cluster_count + 1, sizeof *known);
    if (!places || !known) {
        free(places);
        free(known);
        return session_fail(s, (error_nomem(&s->error), &s->error));
    }
    options->places = places;
    options->known = known;
    options->known_count = policies_configured(s, known);
    for (size_t i = 0; i < s->cluster_count; i++) {
        const struct session_cluster *at = &s->clusters[i];
        if (!at->lost)
            places[options->place_count++] = (struct engine_place){.cluster = at->cluster,
                                                                   .namespaces = (const char *const *)at->namespaces,
                                                                   .shard = at->shard,
                                                                   .told = at->told,
                                                                   .lead = at->lead,
                                                                   .state = at->state};
    }
    code = load(s, options, paths);
    free(places);
    if (s->engine)
        engine_forget_known(s->engine);
    free(known);
    return code;
}
