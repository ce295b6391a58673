/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that a person asks for: one of every policy, or one of a policy. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"

/* ---- one run of every policy ---- */

static void once_ended(void *data, struct run *run)
{
    struct engine *e = data;
    (void)run;
    if (--e->once_left == 0 && e->once_done)
        defer_call(e->o.soon, &e->turn);
}

void engine_once_over(struct defer *d)
{
    struct engine *e = d->data;
    if (e->once_done)
        e->once_done(e->once_data);
    e->once_done = NULL;
}

static void once_everywhere(struct engine *e, const struct policy_entry *entry)
{
    struct error err;
    struct run *run;
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        struct run_call call = {
            .file = entry->file,
            .policy = entry->policy,
            .trigger = "once",
            .scheduled_at = clock_now(e->o.clock),
            .done = once_ended,
            .data = e,
        };
        if (!engine_cluster_has(at, entry->policy))
            continue;
        if (entry->policy->on && !(entry->policy->on & ON_MATCH) && !e->o.dry_run) {
            log_event(e->o.log, LOG_WARN,
                      "the policy is left out, because it waits for events, which only the daemon sees",
                      LOG_FIELDS({"policy", entry->policy->name}));
            continue;
        }
        e->once_left++;
        if (run_start(&at->runs, &call, &run, &err)) {
            e->once_left--;
            log_event(e->o.log, LOG_ERROR, err.message, LOG_FIELDS({"policy", call.policy->name}));
        }
    }
}

void engine_once(struct engine *e, void (*done)(void *data), void *data)
{
    e->once_done = done;
    e->once_data = data;
    e->once_left = 1;
    for (size_t i = 0; i < e->set->count; i++) {
        const struct policy_entry *entry = &e->set->entries[i];
        if (entry->paused && !e->o.dry_run)
            log_event(e->o.log, LOG_WARN, "the policy is left out, because it is paused",
                      LOG_FIELDS({"policy", entry->policy->name}));
        else if (!entry->quarantined)
            once_everywhere(e, entry);
    }
    once_ended(e, NULL);
}

/* ---- one run of one policy ---- */

static void nothing_more(void *data, struct run *run)
{
    (void)data;
    (void)run;
}

static int trigger_on(struct engine *e, struct engine_cluster *at, const struct policy_entry *entry, struct error *err)
{
    struct run *run;
    struct run_call call = {
        .file = entry->file,
        .policy = entry->policy,
        .trigger = "manual",
        .scheduled_at = clock_now(e->o.clock),
        .done = nothing_more,
    };
    if (!at->started || !policy_in_force(entry->policy, at->site.cluster))
        return 0;
    return run_start(&at->runs, &call, &run, err);
}

const struct policy_entry *engine_policy(const struct engine *e, const char *name, struct error *err)
{
    size_t count = e->set ? e->set->count : 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(e->set->entries[i].policy->name, name) == 0)
            return &e->set->entries[i];
    }
    const char **names = calloc(count + 1, sizeof *names);
    if (!names) {
        error_nomem(err);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        names[i] = e->set->entries[i].policy->name;
    const char *near = str_nearest(name, names);
    error_set(err, ERR_NOT_FOUND, "there is no policy \"%s\"%s%s%s", name, near ? "; did you mean \"" : "",
              near ? near : "", near ? "\"?" : "");
    free(names);
    return NULL;
}

int engine_has(const struct engine *e, const char *name, struct error *err)
{
    return engine_policy(e, name, err) ? 0 : err ? err->code : ERR_NOT_FOUND;
}

int engine_find(const struct engine *e, const char *name, const struct policy_entry **found, struct error *err)
{
    const struct policy_entry *entry = *found = engine_policy(e, name, err);
    if (!entry)
        return err ? err->code : ERR_NOT_FOUND;
    if (e->stopping)
        return error_set(err, ERR_CANCELLED, "the daemon is being stopped");
    if (entry->quarantined)
        return error_set(err, ERR_REFUSED, "policy \"%s\" is in quarantine: mpijobd resume %s lets it run", name, name);
    if (entry->paused)
        return error_set(err, ERR_REFUSED, "policy \"%s\" is paused: mpijobd resume %s lets it run", name, name);
    return 0;
}

int engine_trigger(struct engine *e, const char *policy, struct error *err)
{
    const struct policy_entry *entry;
    int rc = engine_find(e, policy, &entry, err);
    for (size_t i = 0; !rc && i < e->cluster_count; i++)
        rc = trigger_on(e, &e->clusters[i], entry, err);
    return rc;
}
