/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that a person asks for: one of every policy, or one of a policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "mpijob/view.h"
#include "policy/definition/opening.h"
#include "trigger/handled_past.h"

/* ---- one run of every policy ---- */

static void one_less(struct engine *e)
{
    if (--e->once_left == 0 && e->once_done)
        defer_call(e->o.soon, &e->turn);
}

/* One of the runs. */
struct once {
    struct engine *e;
    struct handled_past *past; /* NULL: nothing is left alone */
    struct listing_left jobs;
    struct engine_left left;
    struct error unread; /* code 0: the past was read, or is not asked for */
    struct engine_cluster *at;
    const struct policy *policy;
};

/* Is the job not for the run, as a daemon with that past would not act on it? */
static bool is_left(void *data, struct str object)
{
    struct once *once = data;
    struct json root;
    struct mpijob_view view;
    if (json_parse(object, "the job", &root, NULL) ||
        mpijob_view(root, cluster_target_of(once->at->site.cluster, policy_kinds_of(&once->policy->kinds, root), root),
                    &view, NULL))
        return false;
    enum handled_now now = handled_past_of(once->past, &view, clock_now(once->e->o.clock));
    once->left.handled += now == HANDLED_BEFORE;
    once->left.waits += now == HANDLED_WAITS;
    once->left.out += now == HANDLED_OUT;
    return now != HANDLED_NOT;
}

static void once_ended(void *data, struct run *run)
{
    struct once *once = data;
    struct engine *e = once->e;
    once->left.unread = once->unread.code ? once->unread.message : NULL;
    if ((once->past || once->left.unread) && e->o.left)
        e->o.left(e->o.data, run, &once->left);
    handled_past_free(once->past);
    free(once);
    one_less(e);
}

static void tell_paused(const struct engine *e, const char *policy)
{
    const struct paused_mark *mark = engine_paused(e, policy);
    char since[32] = "", cure[128];
    if (mark && mark->at)
        clock_format(mark->at, false, since);
    snprintf(cure, sizeof cure, "mpijobd resume %s lets it run", policy);
    log_event(e->o.log, LOG_WARN, "the policy is left out, because it is paused",
              LOG_FIELDS({"policy", policy}, {"by", mark && *mark->who ? mark->who : "an unknown user"},
                         {"since", *since ? since : NULL}, {"reason", mark && *mark->why ? mark->why : NULL},
                         {"cure", cure}));
}

static void begin_runs(struct engine *e);

void engine_once_over(struct defer *d)
{
    struct engine *e = d->data;
    if (!e->once_begun) {
        begin_runs(e);
        return;
    }
    if (e->once_done)
        e->once_done(e->once_data);
    e->once_done = NULL;
}

static void read_past(struct once *once)
{
    struct engine *e = once->e;
    if (!e->o.past || !once->policy->on)
        return;
    once->past = handled_past_read(e->o.past, cluster_name(once->at->site.cluster), once->policy, &once->unread);
    if (!once->past)
        return;
    once->left.new_text = handled_past_new_text(once->past);
    once->left.were = handled_past_count(once->past);
    once->jobs = (struct listing_left){is_left, once};
}

static const char *trigger_of(const struct engine *e, const struct policy *policy)
{
    bool held = e->hour.most || policy_waits(policy) || !policy_open(policy, clock_now(e->o.clock));
    return e->o.override && held ? "once-override" : "once";
}

static int once_there(struct engine_cluster *at, const struct policy_entry *entry, struct error *err)
{
    struct engine *e = at->engine;
    struct once *once = calloc(1, sizeof *once);
    struct run *run;
    if (!once)
        return error_nomem(err);
    *once = (struct once){.e = e, .at = at, .policy = entry->policy};
    read_past(once);
    struct run_call call = {
        .file = entry->file,
        .policy = entry->policy,
        .trigger = trigger_of(e, entry->policy),
        .scheduled_at = clock_now(e->o.clock),
        .override = e->o.override,
        .left = once->past ? &once->jobs : NULL,
        .done = once_ended,
        .data = once,
    };
    int rc = run_start(&at->runs, &call, &run, err);
    if (rc) {
        handled_past_free(once->past);
        free(once);
    }
    return rc;
}

static void once_everywhere(struct engine *e, const struct policy_entry *entry)
{
    struct error err;
    const char *name = entry->policy->name;
    for (size_t i = 0; i < e->cluster_count; i++) {
        if (!engine_cluster_has(&e->clusters[i], entry->policy))
            continue;
        if (entry->policy->on && !(entry->policy->on & ON_MATCH) && !e->o.dry_run) {
            log_event(e->o.log, LOG_WARN,
                      "the policy is left out, because it waits for events, which only the daemon sees",
                      LOG_FIELDS({"policy", name}));
            continue;
        }
        e->once_left++;
        if (once_there(&e->clusters[i], entry, &err)) {
            e->once_left--;
            log_event(e->o.log, LOG_ERROR, err.message, LOG_FIELDS({"policy", name}));
        }
    }
}

/* A dry run tells what the policy would do, at any time. */
static bool left_out_closed(const struct engine *e, const struct policy *policy)
{
    char text[POLICY_CLOSED_TEXT];
    int64_t now = clock_now(e->o.clock);
    if (e->o.dry_run || e->o.override || policy_open(policy, now))
        return false;
    log_event(e->o.log, LOG_WARN, "the policy is left out, because it is closed; --override runs it",
              LOG_FIELDS({"policy", policy->name}, {"reason", policy_closed_text(policy, now, text)}));
    return true;
}

/* One run warns no owner, and it is not known since when jobs match. */
static bool left_out_early(const struct engine *e, const struct policy *policy)
{
    char reason[96];
    if (e->o.dry_run || e->o.override || policy->dry_run || !policy_waits(policy))
        return false;
    snprintf(reason, sizeof reason, "it %s", policy_waits_text(policy));
    log_event(e->o.log, LOG_WARN, "the policy is left out, because one run acts at once; --override runs it",
              LOG_FIELDS({"policy", policy->name}, {"reason", reason}));
    return true;
}

static void begin_runs(struct engine *e)
{
    e->once_begun = true;
    e->once_left = 1;
    for (size_t i = 0; i < e->set->count; i++) {
        const struct policy_entry *entry = &e->set->entries[i];
        if (entry->paused && !e->o.dry_run)
            tell_paused(e, entry->policy->name);
        else if (!left_out_closed(e, entry->policy) && !left_out_early(e, entry->policy) && !entry->quarantined)
            once_everywhere(e, entry);
    }
    one_less(e);
}

void engine_once_recovered(struct engine_cluster *at, const struct error *err)
{
    if (err)
        log_event(at->site.log, LOG_WARN, "what an earlier run has left in flight stays so until the next one",
                  LOG_FIELDS({"reason", err->message}));
    one_less(at->engine);
}

void engine_once(struct engine *e, void (*done)(void *data), void *data)
{
    e->once_done = done;
    e->once_data = data;
    e->once_left = 1;
    for (size_t i = 0; i < e->cluster_count && !e->o.dry_run; i++) {
        e->once_left++;
        engine_cluster_begin(&e->clusters[i]);
    }
    one_less(e);
}

/* ---- one run of one policy ---- */

static void nothing_more(void *data, struct run *run)
{
    (void)data;
    (void)run;
}

/* Starts a run there. err, with its code set: why it does not run there; it may elsewhere. Negative: it failed. */
static int trigger_on(struct engine *e, struct engine_cluster *at, const struct policy_entry *entry, bool *began,
                      struct error *err)
{
    struct run *run;
    struct error why;
    struct run_call call = {
        .file = entry->file,
        .policy = entry->policy,
        .trigger = "manual",
        .scheduled_at = clock_now(e->o.clock),
        .done = nothing_more,
    };
    enum policy_stand stand = policy_stand(entry->policy, at->site.cluster, &why);
    if (stand == POLICY_ELSEWHERE)
        return 0;
    if (!at->started) {
        error_set(err, ERR_UNREACHABLE, "cluster %s is not connected%s%s", cluster_name(at->site.cluster),
                  at->trouble ? ": " : "", at->trouble ? at->trouble->message : "");
        return 0;
    }
    if (stand == POLICY_ASIDE) {
        engine_cluster_has(at, entry->policy); /* logs it */
        error_set(err, ERR_REFUSED, "not in force on cluster %s: %s", cluster_name(at->site.cluster), why.message);
        return 0;
    }
    *began = true;
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
    for (size_t i = 0; e->set && i < e->set->file_count; i++) {
        if (e->set->files[i]->quarantined)
            error_append(err, "; the file %s is in quarantine, and its policies are not known: see mpijobd resume",
                         e->set->files[i]->path);
    }
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
    if (engine_leads(e, err))
        return err ? err->code : ERR_REFUSED;
    if (entry->quarantined)
        return error_set(err, ERR_REFUSED, "policy \"%s\" is in quarantine: mpijobd resume %s lets it run", name, name);
    if (entry->paused)
        return error_set(err, ERR_REFUSED, "policy \"%s\" is paused: mpijobd resume %s lets it run", name, name);
    return 0;
}

int engine_trigger(struct engine *e, const char *policy, struct error *err)
{
    const struct policy_entry *entry;
    struct error why;
    bool began = false;
    int rc = engine_find(e, policy, &entry, err);
    if (rc)
        return rc;
    error_clear(&why);
    for (size_t i = 0; !rc && i < e->cluster_count; i++)
        rc = trigger_on(e, &e->clusters[i], entry, &began, &why);
    if (rc && err)
        *err = why;
    if (rc || began)
        return rc;
    return error_set(err, why.code ? why.code : ERR_REFUSED, "policy \"%s\" does not run: %s", policy,
                     why.code ? why.message : "it is for no cluster that there is");
}
