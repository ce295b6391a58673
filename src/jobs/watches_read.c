/* SPDX-License-Identifier: Apache-2.0 */
/* What may be read of the watches: a cache that has what is asked for, how old it is, and where nothing can be seen. */
#include "cluster/cluster.h"
#include "jobs/watches.h"

#define GRACE_US (10 * CLOCK_SECOND) /* a silent watch may take so long to begin again; its cache is read meanwhile */

static bool has(char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Does the cache have all jobs that can match? */
static bool covers(const struct job_cache *held, const struct mpijob_match *match)
{
    struct buf selector = BUF_INIT;
    mpijob_match_selector(match, &selector);
    bool labels = !*held->selector || str_is(buf_str(&selector), held->selector);
    buf_free(&selector);
    const char *const *scope = held->of->site->namespaces;
    const char *const *names = scope ? scope : mpijob_match_namespaces(match);
    if (!labels || (held->namespaces && !names))
        return false;
    for (; held->namespaces && *names; names++) {
        if (mpijob_match_in_namespace(match, str_of(*names)) && !has(held->namespaces, *names))
            return false;
    }
    return true;
}

/* Can a job of that scope match? */
static bool is_meant(const struct cache_scope *scope, const struct mpijob_match *match)
{
    return !scope->name_space || mpijob_match_in_namespace(match, str_of(scope->name_space));
}

/* silence: that is allowed, in microseconds. */
static struct job_cache *heard_within(const struct watches *watches, const struct mpijob_kind *kind,
                                      const struct mpijob_match *match, int64_t silence)
{
    struct job_cache *held = watches->caches[mpijob_kind_index(kind)];
    if (held && held->kind != kind)
        return NULL;
    if (!held || !covers(held, match))
        return NULL;
    for (size_t i = 0; i < cache_scopes(held->cache); i++) {
        struct cache_scope scope = cache_scope(held->cache, i);
        bool fresh = scope.silence_us >= 0 && scope.silence_us < silence;
        if (is_meant(&scope, match) && !(scope.synced && fresh))
            return NULL;
    }
    return held;
}

struct job_cache *watches_for(const struct watches *watches, const struct mpijob_kind *kind,
                              const struct mpijob_match *match)
{
    return heard_within(watches, kind, match, site_silence_us(watches->site) + GRACE_US);
}

struct job_cache *watches_last(const struct watches *watches, const struct mpijob_kind *kind,
                               const struct mpijob_match *match)
{
    return heard_within(watches, kind, match, INT64_MAX);
}

struct job_cache *watches_part(const struct watches *watches, const struct mpijob_kind *kind,
                               const struct mpijob_match *match)
{
    struct job_cache *held = watches->caches[mpijob_kind_index(kind)];
    bool known = false;
    for (size_t i = 0; held && held->kind == kind && i < cache_scopes(held->cache); i++) {
        struct cache_scope scope = cache_scope(held->cache, i);
        known = known || (scope.synced && is_meant(&scope, match));
    }
    return known ? held : NULL;
}

int64_t watches_as_of(const struct job_cache *held, const struct mpijob_match *match)
{
    int64_t most = -1;
    for (size_t i = 0; i < cache_scopes(held->cache); i++) {
        struct cache_scope scope = cache_scope(held->cache, i);
        if (scope.synced && is_meant(&scope, match) && scope.silence_us > most)
            most = scope.silence_us;
    }
    return most < 0 ? 0 : clock_now(held->of->site->clock) - most;
}

int64_t watches_scope(const struct job_cache *held, const struct mpijob_match *match, const char *const *namespaces)
{
    struct mpijob_match *scope = mpijob_match_scope(match);
    struct cache_iter iter;
    uint32_t slot;
    int64_t count = 0;
    if (!scope)
        return 0; /* then no share of the jobs may be changed */
    for (cache_iter_begin(held->cache, scope, &iter); cache_iter_next(&iter, &slot);) {
        const char *const *name = namespaces;
        while (name && *name && !str_is(cache_namespace(held->cache, slot), *name))
            name++;
        count += !name || *name;
    }
    cache_iter_end(&iter);
    mpijob_match_free(scope);
    return count;
}

/* ---- where nothing can be seen ---- */

static bool says_lacked(const struct error *trouble)
{
    return trouble && trouble->code == ERR_NOT_FOUND;
}

static uint64_t lacked_kinds(const struct watches *watches)
{
    uint64_t lacked = 0;
    for (size_t k = 0; k < MPIJOB_KINDS_MOST; k++) {
        const struct job_cache *held = watches->caches[k];
        bool lacks = says_lacked(watches->unopened[k]);
        for (size_t i = 0; held && i < cache_scopes(held->cache); i++)
            lacks = lacks || says_lacked(cache_scope(held->cache, i).trouble);
        lacked |= (uint64_t)lacks << k;
    }
    return lacked;
}

/* The server does not have it, and has another kind of each policy that is about it. */
static bool is_absent(const struct watches *watches, size_t kind, uint64_t lacked, const struct error *trouble)
{
    for (size_t i = 0; i < watches->list_count; i++) {
        if (watches->lists[i] >> kind & 1 && !(watches->lists[i] & ~lacked))
            return false;
    }
    return says_lacked(trouble);
}

const char *watch_part_name(const struct watch_part *part)
{
    return part->kind ? mpijob_kind_info(part->kind)->name : "Workload";
}

bool watch_part_concerns(const struct watch_part *part, const struct policy *p)
{
    bool there = !part->name_space || mpijob_match_in_namespace(p->match, str_of(part->name_space));
    if (!part->kind)
        return p->on && p->kueue_states && there;
    bool others = says_lacked(part->trouble) && policy_kinds_bits(&p->kinds) & ~part->lacked;
    return p->on && !others && policy_kinds_have(&p->kinds, part->kind) && there;
}

static void each_of_workloads(const struct watches *watches, void (*visit)(void *data, const struct watch_part *part),
                              void *data)
{
    size_t count = watches->workloads ? workload_watch_scopes(watches->workloads) : 0;
    for (size_t i = 0; i < count; i++) {
        struct workload_scope scope = workload_watch_scope(watches->workloads, i);
        const struct watch_part part = {.name_space = scope.name_space,
                                        .synced = scope.synced,
                                        .trouble = scope.trouble,
                                        .silence_us = scope.silence_us};
        visit(data, &part);
    }
}

void watches_each(const struct watches *watches, void (*visit)(void *data, const struct watch_part *part), void *data)
{
    uint64_t lacked = lacked_kinds(watches);
    for (size_t k = 0; k < MPIJOB_KINDS_MOST; k++) {
        const struct job_cache *held = watches->caches[k];
        struct watch_part part = {.kind = watches->tried[k],
                                  .trouble = watches->unopened[k],
                                  .silence_us = -1,
                                  .absent = is_absent(watches, k, lacked, watches->unopened[k]),
                                  .lacked = lacked};
        if (part.trouble)
            visit(data, &part);
        for (size_t i = 0; held && i < cache_scopes(held->cache); i++) {
            struct cache_scope scope = cache_scope(held->cache, i);
            part = (struct watch_part){
                held->kind,    scope.name_space, scope.synced,
                scope.trouble, scope.silence_us, !scope.synced && is_absent(watches, k, lacked, scope.trouble),
                lacked};
            visit(data, &part);
        }
    }
    each_of_workloads(watches, visit, data);
}
