/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of one policy that a person asks for and waits for: over all jobs, or over one that is named. */
#include "engine/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/texts.h"
#include "engine/engine_parts.h"
#include "jobs/job_find.h"
#include "mpijob/match/match.h"
#include "policy/definition/opening.h"

/* The part of an ask on one cluster. A named job is read first, and is the only one that the run is given. */
struct ask_at {
    struct ask *ask;
    struct engine_cluster *at;
    struct run *run;      /* under way; NULL: not yet, or not any more */
    struct job_find find; /* reads the job */
    struct listing listing;
    struct run_feed feed;
    char *bytes; /* the job; NULL: none was read */
    size_t len;
    bool given;
};

struct ask {
    struct engine *engine;
    struct ask_call call;
    char *texts; /* the block that holds the next ones */
    const char *policy, *name_space, *name, *who, *traceparent;
    const struct mpijob_kind *kind; /* that the name says; NULL: none */
    struct policy_entry entry;
    struct ask_at *ats;
    size_t count, left;
    bool overrides;            /* the policy's window, a freeze, or the ceiling of an hour: call.override */
    size_t runs;               /* that were begun */
    const struct error *error; /* why no run was begun on a cluster: the first (error_keep) */
    struct defer over;
    struct ask *prev, *next;
};

/* ---- the end ---- */

static void over(struct defer *d)
{
    struct ask *k = d->data;
    struct engine *e = k->engine;
    k->call.done(k->call.data, k->runs ? NULL : k->error);
    DL_DELETE(e->asks, k);
    for (size_t i = 0; i < k->count; i++)
        free(k->ats[i].bytes);
    policy_set_release(k->entry.file->set);
    error_keep(&k->error, NULL);
    free(k->ats);
    free(k->texts);
    free(k);
    engine_check_stopped(e);
}

static void one_over(struct ask *k)
{
    if (--k->left == 0)
        defer_call(k->engine->o.soon, &k->over);
}

static void cannot(struct ask *k, const struct error *err)
{
    if (!k->error)
        error_keep(&k->error, err);
}

void ask_run_ended(struct engine *e, const struct run *run)
{
    struct ask *k;
    DL_FOREACH(e->asks, k)
    {
        for (size_t i = 0; i < k->count; i++) {
            if (k->ats[i].run != run)
                continue;
            k->ats[i].run = NULL;
            k->call.ended(k->call.data, run);
            one_over(k);
            return;
        }
    }
}

void ask_cancel_all(struct engine *e)
{
    struct ask *k;
    DL_FOREACH(e->asks, k)
    {
        for (size_t i = 0; i < k->count; i++) {
            job_find_cancel(&k->ats[i].find);
        }
    }
}

/* ---- the job that is named ---- */

static struct ask_at *of_listing(const struct listing *listing)
{
    return (struct ask_at *)((char *)(uintptr_t)listing - offsetof(struct ask_at, listing));
}

static enum listing_state next_job(struct listing *listing, struct str *object)
{
    struct ask_at *a = of_listing(listing);
    if (a->given)
        return LISTING_END;
    a->given = true;
    *object = str_n(a->bytes, a->len);
    return LISTING_JOB;
}

static const struct error *no_error(const struct listing *listing)
{
    (void)listing;
    return NULL;
}

/* A limit in percent is about crowds, and this job was named by a person: it is as one of very many. */
static int64_t any_scope(const struct listing *listing)
{
    (void)listing;
    return INT64_C(1) << 40;
}

static int64_t as_of_now(const struct listing *listing)
{
    return clock_now(of_listing(listing)->ask->engine->o.clock);
}

/* The ask has it, and outlives the run. */
static void keep_listing(struct listing *listing)
{
    (void)listing;
}

static const struct listing_ops one_job = {next_job, no_error, any_scope, as_of_now, keep_listing};

/* ---- runs ---- */

/* run_ended of the engine tells of the end, when that is in the journal. */
static void handed_back(void *data, struct run *run)
{
    (void)data;
    (void)run;
}

static void start_run(struct ask_at *a)
{
    struct ask *k = a->ask;
    struct error err;
    struct run_call call = {
        .file = k->entry.file,
        .policy = k->entry.policy,
        .trigger = k->overrides ? "manual-override" : "manual",
        .scheduled_at = clock_now(k->engine->o.clock),
        .asked_by = k->who,
        .traceparent = k->traceparent,
        .asked_uid = k->call.uid,
        .dry_run = k->call.dry_run,
        .override = k->call.override,
        .feed = k->name ? &a->feed : NULL,
        .done = handed_back,
    };
    if (run_start(&a->at->runs, &call, &a->run, &err)) {
        cannot(k, &err);
        one_over(k);
        return;
    }
    k->runs++;
    if (k->call.began)
        k->call.began(k->call.data, a->run);
}

static void no_match(const struct ask_at *a, struct error *err)
{
    const struct ask *k = a->ask;
    error_set(err, ERR_REFUSED, "the job %s/%s does not match the policy \"%s\" now", k->name_space, k->name,
              k->policy);
}

/* The part of another shard begins the run, if this daemon owns that. */
static void not_of_shard(struct ask_at *a, const struct mpijob_view *view)
{
    const struct engine *e = a->ask->engine;
    struct error err;
    unsigned shard = shard_of(view->name_space, view->uid, a->at->site.shard.of);
    if (!e->clusters[shard].started) {
        shards_refuse_one(e->o.shards, shard, "this job's", &err);
        cannot(a->ask, &err);
    }
    one_over(a->ask);
}

static void got_job(struct job_find *find, char *object, size_t len, const struct error *err)
{
    struct ask_at *a = find->data;
    struct ask *k = a->ask;
    struct mpijob_view view;
    struct json root;
    struct error why;
    int rc = err ? err->code : 0;
    a->bytes = object;
    a->len = len;
    if (err)
        why = *err;
    if (!rc)
        rc = json_parse(str_n(a->bytes, a->len), "the job", &root, &why);
    if (!rc)
        rc = mpijob_view(root,
                         cluster_target_of(a->at->site.cluster, policy_kinds_of(&k->entry.policy->kinds, root), root),
                         &view, &why);
    if (!rc && !shard_has(&a->at->site.shard, view.name_space, view.uid)) {
        not_of_shard(a, &view);
        return;
    }
    if (!rc && !mpijob_match_eval(k->entry.policy->match, &view, clock_now(k->engine->o.clock), NULL)) {
        no_match(a, &why);
        rc = why.code;
    }
    if (!rc && k->engine->stopping)
        rc = error_set(&why, ERR_CANCELLED, "the daemon is being stopped");
    if (!rc)
        rc = engine_leads(k->engine, &why);
    if (!rc) {
        start_run(a);
        return;
    }
    cannot(k, &why);
    one_over(k);
}

static bool in_scope(const struct ask_at *a)
{
    const char *const *names = a->at->site.namespaces;
    while (names && *names && strcmp(*names, a->ask->name_space) != 0)
        names++;
    return !names || *names;
}

static void read_job(struct ask_at *a)
{
    struct ask *k = a->ask;
    struct error err;
    a->find = (struct job_find){.cluster = a->at->site.cluster,
                                .policy = k->entry.policy,
                                .name_space = k->name_space,
                                .name = k->name,
                                .kind = k->kind,
                                .found = got_job,
                                .data = a};
    a->listing.ops = &one_job;
    a->feed = run_feed_untold(&a->listing);
    int rc = in_scope(a) ? job_find_start(&a->find, &err)
                         : error_set(&err, ERR_REFUSED, "the namespace %s is not one of those that this daemon is for",
                                     k->name_space);
    if (rc) {
        cannot(k, &err);
        one_over(k);
    }
}

/* ---- the beginning ---- */

/* Why the policy has no runs on any cluster. */
static int nowhere(const struct engine *e, const struct policy_entry *entry, struct error *err)
{
    struct error why;
    for (size_t i = 0; i < e->cluster_count; i++) {
        const struct engine_cluster *at = &e->clusters[i];
        enum policy_stand is = policy_stand(entry->policy, at->site.cluster, &why);
        if (is == POLICY_ASIDE)
            return error_set(err, ERR_REFUSED, "policy \"%s\" stands aside on cluster %s: %s", entry->policy->name,
                             cluster_name(at->site.cluster), why.message);
        if (is == POLICY_IN_FORCE && !at->started)
            return error_set(err, ERR_UNREACHABLE, "cluster %s is not connected%s%s", cluster_name(at->site.cluster),
                             at->trouble ? ": " : " yet", at->trouble ? at->trouble->message : "");
    }
    return error_set(err, ERR_REFUSED, "policy \"%s\" is for no cluster of this daemon", entry->policy->name);
}

/* The command that was refused, with --override: about the same job, or it would act on all that match. */
#define AGAIN "mpijobd trigger --override %s%s%.320s runs it all the same, and the journal says so"
#define AGAIN_ARGS(policy, call) (policy)->name, (call)->job ? " " : "", (call)->job ? (call)->job : ""

static int closed(const struct engine *e, const struct policy *policy, const struct ask_call *call, struct error *err)
{
    char text[POLICY_CLOSED_TEXT];
    return error_set(err, ERR_REFUSED, "policy \"%s\" is %s; " AGAIN, policy->name,
                     policy_closed_text(policy, clock_now(e->o.clock), text), AGAIN_ARGS(policy, call));
}

/* A run by hand acts at once. */
static int waits(const struct policy *policy, const struct ask_call *call, struct error *err)
{
    return error_set(err, ERR_REFUSED, "policy \"%s\" %s, and a run by hand acts at once; " AGAIN, policy->name,
                     policy_waits_text(policy), AGAIN_ARGS(policy, call));
}

static int copy_in(struct ask *k, const struct ask_call *call, const struct policy_entry *entry, struct error *err)
{
    const char *job = call->job, *slash = job ? strchr(job, '/') : NULL;
    char name_space[256] = "";
    if (slash && strchr(slash + 1, '/') && mpijob_kind_find(str_n(job, (size_t)(slash - job)), &k->kind)) {
        job = slash + 1;
        slash = strchr(job, '/');
    }
    if (k->kind && !policy_kinds_have(&entry->policy->kinds, k->kind))
        return error_set(err, ERR_INVALID, "policy \"%s\" is not about %ss", entry->policy->name, k->kind->name);
    if (call->job && (!slash || slash == job || !slash[1] || (size_t)(slash - job) >= sizeof name_space))
        return error_set(err, ERR_INVALID,
                         "a job is named as NAMESPACE/NAME, or KIND/NAMESPACE/NAME, and not \"%.300s\"", call->job);
    if (slash)
        snprintf(name_space, sizeof name_space, "%.*s", (int)(slash - job), job);
    k->call = *call;
    k->texts = TEXTS_COPY({&k->policy, call->policy}, {&k->name_space, name_space}, {&k->who, call->who},
                          {&k->traceparent, call->traceparent}, {&k->name, slash ? slash + 1 : NULL});
    return k->texts ? 0 : error_nomem(err);
}

static void begin(struct ask *k)
{
    struct engine *e = k->engine;
    for (size_t i = 0; i < e->cluster_count; i++) {
        struct engine_cluster *at = &e->clusters[i];
        if (at->started && policy_in_force(k->entry.policy, at->site.cluster))
            k->ats[k->count++] = (struct ask_at){.ask = k, .at = at};
    }
    k->left = k->count;
    policy_set_hold(k->entry.file->set);
    DL_APPEND(e->asks, k);
    for (size_t i = 0; i < k->count; i++) {
        if (k->name)
            read_job(&k->ats[i]);
        else
            start_run(&k->ats[i]);
    }
}

int engine_ask(struct engine *e, const struct ask_call *call, struct error *err)
{
    const struct policy_entry *entry;
    bool anywhere = false;
    int rc = engine_find(e, call->policy, &entry, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < e->cluster_count; i++)
        anywhere = anywhere || (e->clusters[i].started && policy_in_force(entry->policy, e->clusters[i].site.cluster));
    if (!anywhere)
        return nowhere(e, entry, err);
    bool open = policy_open(entry->policy, clock_now(e->o.clock));
    if (!open && !call->override)
        return closed(e, entry->policy, call, err);
    bool early = policy_waits(entry->policy) && !entry->policy->dry_run;
    if (early && !call->override)
        return waits(entry->policy, call, err);
    struct ask *k = calloc(1, sizeof *k);
    if (!k)
        return error_nomem(err);
    rc = copy_in(k, call, entry, err);
    k->ats = calloc(e->cluster_count, sizeof *k->ats);
    if (rc || !k->ats) {
        free(k->texts);
        free(k->ats);
        free(k);
        return rc ? rc : error_nomem(err);
    }
    k->engine = e;
    k->overrides = call->override && (!open || early || e->hour.most);
    k->entry = *entry;
    k->over = (struct defer){.call = over, .data = k};
    begin(k);
    return 0;
}
