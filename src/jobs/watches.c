/* SPDX-License-Identifier: Apache-2.0 */
/* Which watches the policies need, the life of these, and what they tell. */
#include "jobs/watches.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/texts.h"
#include "cluster/cluster.h"
#include "jobs/watch_wish.h"
#include "mpijob/dialect.h"
#include "mpijob/kinds_added.h"
#include "policy/in_force.h"

/* Does the cache have what the wish asks for, and no more? */
static bool granted(const struct job_cache *held, const struct watch_wish *w)
{
    struct mpijob_target target = cluster_target(held->of->site->cluster, held->kind);
    size_t n = 0;
    if (held->target.version != target.version || held->target.controller != target.controller ||
        !str_is(buf_str(&w->selector), held->selector) || w->everywhere != !held->namespaces)
        return false;
    for (; !w->everywhere && held->namespaces[n]; n++) {
        if (!watch_wish_names(w, held->namespaces[n]))
            return false;
    }
    return w->everywhere || n == w->count;
}

/* ---- what the caches tell ---- */

static void told(void *data, const struct cache_event *event)
{
    struct job_cache *held = data;
    struct watch_subscriber *subscriber;
    gpu_sum_event(&held->gpus, event);
    DL_FOREACH(held->of->subscribers, subscriber)
    {
        subscriber->event(subscriber, held, event);
    }
}

static bool wanted(void *data, const struct mpijob_view *view)
{
    const struct job_cache *held = data;
    return shard_has(&held->of->site->shard, view->name_space, view->uid);
}

static void synced(void *data)
{
    struct job_cache *held = data;
    struct watch_subscriber *subscriber;
    DL_FOREACH(held->of->subscribers, subscriber)
    {
        subscriber->synced(subscriber, held);
    }
}

static void trouble(void *data, const struct error *err)
{
    struct job_cache *held = data;
    if (err->status == 404 && held->current)
        cluster_look(held->of->site->cluster);
}

/* ---- open and close ---- */

static void free_held(struct job_cache *held)
{
    mpijob_kind_release(held->kind);
    free(held->namespaces);
    free(held->selector);
    gpu_sum_free(&held->gpus);
    free(held);
}

static void closed(void *data)
{
    struct job_cache *held = data;
    struct site *site = held->of->site;
    free_held(held);
    site_closed(site);
}

void watches_hold(struct job_cache *held)
{
    held->holders++;
}

void watches_release(struct job_cache *held)
{
    if (--held->holders == 0)
        cache_close(held->cache, closed, held);
}

static void let_go(struct watches *watches, size_t index)
{
    struct job_cache *held = watches->caches[index];
    watches->caches[index] = NULL;
    error_keep(&watches->unopened[index], NULL);
    if (!held)
        return;
    held->current = false;
    watches_release(held);
}

static int copy_names(struct job_cache *held, const struct watch_wish *w)
{
    held->selector = str_dup(w->selector.len ? buf_str(&w->selector) : str_of(""));
    if (!held->selector)
        return ERR_NOMEM;
    if (w->everywhere)
        return 0;
    held->namespaces = texts_copy_list(w->namespaces, w->count);
    return held->namespaces ? 0 : ERR_NOMEM;
}

static int start_cache(struct job_cache *held, struct error *err)
{
    struct site *site = held->of->site;
    struct cache_options options = {
        .loop = site->loop,
        .kube = cluster_kube(site->cluster),
        .resource = *cluster_resource(site->cluster, held->kind),
        .target = cluster_target(site->cluster, held->kind),
        .namespaces = (const char *const *)held->namespaces,
        .label_selector = *held->selector ? held->selector : NULL,
        .log = site->log,
        .cluster = site->name,
        .told = site->told,
        .timing.silence_ms = (uint64_t)site_silence_us(site) / 1000,
        .event = told,
        .synced = synced,
        .trouble = trouble,
        .wanted = wanted,
        .data = held,
    };
    held->target = options.target;
    int rc = cluster_serves(site->cluster, held->kind, err);
    if (!rc && !held->namespaces && mpijob_dialect(options.target)->server->namespaced_only)
        rc = error_set(err, ERR_INVALID,
                       "CCI lists and watches within a namespace only; name the namespaces: `namespaces:` in "
                       "mpijobd.yaml, match.namespace in the policies, or -n");
    if (!rc)
        rc = cache_new(&options, &held->cache, err);
    if (rc)
        return rc;
    site_opened(site);
    held->holders = 1;
    rc = cache_start(held->cache, err);
    if (rc)
        watches_release(held);
    return rc;
}

static void note_lists(struct watches *watches, const struct policy_set *set)
{
    free(watches->lists);
    watches->lists = calloc(set->count + 1, sizeof *watches->lists);
    watches->list_count = 0;
    for (size_t i = 0; watches->lists && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        if (p->on)
            watches->lists[watches->list_count++] = policy_kinds_bits(&p->kinds);
    }
}

/* A policy is about this kind alone. */
static bool is_alone(const struct watches *watches, size_t kind)
{
    size_t i = 0;
    while (i < watches->list_count && watches->lists[i] != UINT64_C(1) << kind)
        i++;
    return i < watches->list_count;
}

static void open_one(struct watches *watches, const struct mpijob_kind *kind, const struct watch_wish *w)
{
    struct error err;
    struct job_cache *held = calloc(1, sizeof *held);
    int rc = held ? 0 : error_nomem(&err);
    if (!rc) {
        held->of = watches;
        held->kind = kind;
        mpijob_kind_hold(kind);
        rc = copy_names(held, w);
        if (rc) {
            free_held(held);
            error_nomem(&err);
        }
    }
    if (!rc) {
        rc = start_cache(held, &err);
        if (rc && !held->cache)
            free_held(held);
    }
    error_keep(&watches->unopened[mpijob_kind_index(kind)], rc ? &err : NULL);
    watches->tried[mpijob_kind_index(kind)] = kind;
    if (rc) {
        bool absent = err.code == ERR_NOT_FOUND && !is_alone(watches, mpijob_kind_index(kind));
        log_event(watches->site->log, absent ? LOG_WARN : LOG_ERROR, "the jobs cannot be watched",
                  LOG_FIELDS(SITE_LOG_CLUSTER(watches->site), {"reason", err.message}));
        return;
    }
    held->current = true;
    watches->caches[mpijob_kind_index(kind)] = held;
}

/* The kind with the index, as far as the policies are about it. */
static const struct mpijob_kind *kind_of(const struct policy_set *set, size_t index)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct policy_kinds *kinds = &set->entries[i].policy->kinds;
        for (size_t k = 0; k < kinds->count; k++) {
            if (mpijob_kind_index(kinds->of[k].kind) == index)
                return kinds->of[k].kind;
        }
    }
    return NULL;
}

static void update_one(struct watches *watches, const struct policy_set *set, const struct mpijob_kind *kind)
{
    struct job_cache **cache = &watches->caches[mpijob_kind_index(kind)];
    struct watch_wish w;
    int rc = watch_wish_make(&w, watches, set, kind);
    if (rc)
        log_event(watches->site->log, LOG_ERROR, "the jobs cannot be watched: out of memory",
                  LOG_FIELDS(SITE_LOG_CLUSTER(watches->site)));
    if (rc || !*cache || (*cache)->kind != kind || !w.any || !granted(*cache, &w)) {
        let_go(watches, mpijob_kind_index(kind));
        if (!rc && w.any)
            open_one(watches, kind, &w);
    }
    watch_wish_free(&w);
}

/* ---- Kueue's Workloads ---- */

static void workload_changed(void *data, const struct workload_job *job)
{
    struct watches *watches = data;
    struct watch_subscriber *subscriber;
    DL_FOREACH(watches->subscribers, subscriber)
    {
        if (subscriber->workload)
            subscriber->workload(subscriber, job);
    }
}

static void workloads_synced(void *data)
{
    workload_changed(data, NULL);
}

static void close_workloads(struct watches *watches)
{
    workload_watch_close(watches->workloads);
    watches->workloads = NULL;
}

/* Only where a policy asks for what becomes of them. */
static void update_workloads(struct watches *watches, const struct policy_set *set)
{
    struct watch_wish w;
    struct error err;
    int rc = watch_wish_make(&w, watches, set, NULL);
    const struct workload_watch_call call = {.site = watches->site,
                                             .namespaces = w.everywhere ? NULL : w.namespaces,
                                             .changed = workload_changed,
                                             .synced = workloads_synced,
                                             .data = watches};
    if (rc || !w.any || (watches->workloads && !workload_watch_is_of(watches->workloads, call.namespaces)))
        close_workloads(watches);
    if (!rc && w.any && !watches->workloads)
        rc = workload_watch_open(&call, &watches->workloads, &err);
    if (rc)
        log_event(watches->site->log, LOG_ERROR, "Kueue's Workloads cannot be watched: out of memory",
                  LOG_FIELDS(SITE_LOG_CLUSTER(watches->site)));
    watch_wish_free(&w);
}

/* ---- all of them ---- */

void watches_update(struct watches *watches, const struct policy_set *set)
{
    note_lists(watches, set);
    update_workloads(watches, set);
    for (size_t k = 0; k < MPIJOB_KINDS_MOST; k++) {
        const struct mpijob_kind *kind = kind_of(set, k);
        if (kind)
            update_one(watches, set, kind);
        else
            let_go(watches, k);
    }
}

void watches_close(struct watches *watches)
{
    close_workloads(watches);
    for (size_t k = 0; k < MPIJOB_KINDS_MOST; k++)
        let_go(watches, k);
    free(watches->lists);
    watches->lists = NULL;
    watches->list_count = 0;
}

/* ---- subscribers ---- */

void watches_init(struct watches *watches, struct site *site)
{
    *watches = (struct watches){.site = site};
}

void watches_subscribe(struct watches *watches, struct watch_subscriber *subscriber)
{
    DL_APPEND(watches->subscribers, subscriber);
}

void watches_unsubscribe(struct watches *watches, struct watch_subscriber *subscriber)
{
    DL_DELETE(watches->subscribers, subscriber);
}

/* ---- objects from writes ---- */

void watches_offer(struct watches *watches, const struct mpijob_kind *kind, struct json object)
{
    if (watches->caches[mpijob_kind_index(kind)])
        cache_offer(watches->caches[mpijob_kind_index(kind)]->cache, object);
}
