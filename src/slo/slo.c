/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs that are to be freed, by policy and uid, from the time at which they match until they are free. */
#include "slo/slo.h"

#include <stdlib.h>
#include <string.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "mpijob/held_gpus.h"
#include "policy/in_force.h"
#include "slo/burn.h"

struct held {
    UT_hash_handle hh;
    struct job_cache *cache;
    uint32_t slot;
    int64_t from, until; /* microseconds since 1970: it matches, and is to be free */
    bool late;           /* it was not, and counts already, here or elsewhere */
    char uid[];
};

struct promise {
    struct promise *next;
    const struct policy *policy; /* NULL: it is not in force */
    char name[64];
    double objective;
    int64_t freed_within, begun;
    bool inherited; /* when it came into force here, another daemon had counted for it */
    bool before;    /* it is in force already, while another set is put in force */
    int64_t good, all;
    struct held *held;
    struct burn burn;
};

struct slo {
    struct site *site;
    struct watches *watches;
    struct watch_subscriber listener;
    struct promise *promises; /* list */
    struct policy_set *set;   /* held: whose policies the promises are of; NULL: none */
    int64_t counts_from;      /* see slo_follow */
};

const char *const slo_window_names[SLO_WINDOWS] = {"5m", "1h", "6h"};
static const int window_minutes[SLO_WINDOWS] = {5, 60, 360};

static int64_t latest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- counting ---- */

static void count(struct promise *p, int64_t at, bool good)
{
    p->all++;
    p->good += good;
    burn_add(&p->burn, at, good);
}

static void forget(struct promise *p, struct held *h)
{
    HASH_DEL(p->held, h);
    free(h);
}

/* Those whose time is over count, as of then. */
static void settle(const struct slo *s, struct promise *p, int64_t now)
{
    for (struct held *h = s->counts_from == SLO_ELSEWHERE ? NULL : p->held; h; h = h->hh.next) {
        if (h->late || h->until >= now)
            continue;
        h->late = true;
        if (h->until >= s->counts_from)
            count(p, h->until, false);
    }
}

static void is_free(const struct slo *s, struct promise *p, struct held *h, int64_t now)
{
    if (!h->late && h->from <= now && h->until >= s->counts_from)
        count(p, now, now <= h->until);
    forget(p, h);
}

/* ---- one job ---- */

static bool holds(const struct mpijob_view *view)
{
    struct mpijob_held_gpus held;
    return mpijob_phase_finished(view->phase) && mpijob_holds_gpus(view, NULL, &held) && held.gpus > 0;
}

/* From when on it is to be freed. met: it was there before it was looked at, so that now says nothing. */
static int64_t begins(const struct promise *p, const struct mpijob_view *view, int64_t since, bool met, int64_t now)
{
    if (since == MPIJOB_NO_TIME)
        since = met ? view->finished : now;
    if (since == MPIJOB_NO_TIME)
        since = now;
    return since + p->policy->holds_for;
}

/* Without memory the job is not followed. */
static void follow(const struct slo *s, struct promise *p, struct job_cache *cache, uint32_t slot,
                   const struct mpijob_view *view, int64_t from)
{
    struct held *h = calloc(1, sizeof *h + view->uid.len + 1);
    if (!h)
        return;
    h->cache = cache;
    h->slot = slot;
    h->late = p->inherited && from + p->freed_within < (s->counts_from < p->begun ? s->counts_from : p->begun);
    h->from = latest(from, p->begun);
    h->until = h->from + p->freed_within;
    memcpy(h->uid, view->uid.ptr, view->uid.len);
    HASH_ADD_STR(p->held, uid, h);
    if (!h->hh.tbl)
        free(h);
}

static void look(const struct slo *s, struct promise *p, struct job_cache *cache, uint32_t slot,
                 const struct mpijob_view *view, bool met)
{
    int64_t now = clock_now(s->site->clock);
    struct held *h = NULL;
    if (!view->uid.len)
        return;
    HASH_FIND(hh, p->held, view->uid.ptr, view->uid.len, h);
    if (!holds(view)) {
        if (h)
            is_free(s, p, h, now);
        return;
    }
    int64_t since = mpijob_match_since(p->policy->match, view, now);
    if (since == INT64_MAX) {
        if (h)
            forget(p, h);
        return;
    }
    if (!h) {
        follow(s, p, cache, slot, view, begins(p, view, since, met, now));
    } else {
        h->cache = cache;
        h->slot = slot;
    }
}

/* Of a job that is gone there is no uid any more. */
static void gone(const struct slo *s, struct promise *p, const struct job_cache *cache, uint32_t slot)
{
    struct held *h, *next;
    int64_t now = clock_now(s->site->clock);
    HASH_ITER(hh, p->held, h, next)
    {
        if (h->cache == cache && h->slot == slot)
            is_free(s, p, h, now);
    }
}

static bool concerns(const struct slo *s, const struct promise *p, const struct job_cache *cache)
{
    return p->policy && policy_kind_in_force(p->policy, cache->kind, s->site->cluster);
}

static void event(struct watch_subscriber *listener, struct job_cache *cache, const struct cache_event *event)
{
    struct slo *s = (struct slo *)((char *)listener - offsetof(struct slo, listener));
    struct promise *p;
    LL_FOREACH(s->promises, p)
    {
        if (!cache->current || !concerns(s, p, cache))
            continue;
        if (event->after)
            look(s, p, cache, event->slot, event->after, event->initial);
        else
            gone(s, p, cache, event->slot);
    }
}

/* What it shows came as events. */
static void synced(struct watch_subscriber *listener, struct job_cache *cache)
{
    (void)listener;
    (void)cache;
}

/* ---- policies ---- */

static struct slo *make(struct site *site, struct watches *watches)
{
    struct slo *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->site = site;
    s->watches = watches;
    s->listener.event = event;
    s->listener.synced = synced;
    watches_subscribe(watches, &s->listener);
    return s;
}

static void drop_held(struct promise *p)
{
    struct held *h, *next;
    HASH_ITER(hh, p->held, h, next)
    {
        forget(p, h);
    }
}

void slo_stop(struct slo *s)
{
    struct promise *p;
    LL_FOREACH(s ? s->promises : NULL, p)
    {
        if (p->policy)
            settle(s, p, clock_now(s->site->clock));
        drop_held(p);
        p->policy = NULL;
    }
    if (s && s->set)
        policy_set_release(s->set);
    if (s)
        s->set = NULL;
}

void slo_free(struct slo *s)
{
    struct promise *p, *next;
    if (!s)
        return;
    slo_stop(s);
    watches_unsubscribe(s->watches, &s->listener);
    LL_FOREACH_SAFE(s->promises, p, next)
    {
        free(p);
    }
    free(s);
}

/* The jobs that are there, of which the watch tells nothing new: of those that hold GPUs there are few. */
static void scan(const struct slo *s, struct promise *p, struct job_cache *cache)
{
    struct buf bytes = BUF_INIT;
    struct mpijob_view view;
    for (uint32_t slot = 0; slot < cache->gpus.slots; slot++) {
        if (cache->gpus.by_slot[slot] > 0 && cache_holds(cache->cache, slot) &&
            cache_view(cache->cache, slot, &bytes, &view, NULL) == 0)
            look(s, p, cache, slot, &view, true);
    }
    buf_free(&bytes);
}

static struct promise *promise_of(struct slo *s, const struct policy *policy)
{
    struct promise *p = s->promises;
    while (p && strcmp(p->name, policy->name) != 0)
        p = p->next;
    if (p && p->objective == policy->slo.objective && p->freed_within == policy->slo.freed_within)
        return p;
    if (p) {
        drop_held(p);
        LL_DELETE(s->promises, p);
        free(p);
    }
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    snprintf(p->name, sizeof p->name, "%s", policy->name);
    p->objective = policy->slo.objective;
    p->freed_within = policy->slo.freed_within;
    p->begun = clock_now(s->site->clock);
    LL_PREPEND(s->promises, p);
    return p;
}

/* What was heard of a cache that is no longer there may not be so any more. */
static void leave_old(const struct slo *s, struct promise *p)
{
    struct held *h, *next;
    HASH_ITER(hh, p->held, h, next)
    {
        bool there = false;
        for (int k = 0; k < MPIJOB_KINDS_MOST; k++)
            there = there || h->cache == s->watches->caches[k];
        if (!there)
            forget(p, h);
    }
}

/* taken_over: this daemon begins to follow the jobs for which another has counted; else it goes on, with policies of
 * which some may be new. */
static void put_in_force(struct slo *s, struct policy_set *set, bool taken_over)
{
    struct policy_set *before = s->set;
    struct promise *p;
    policy_set_hold(set);
    s->set = set;
    LL_FOREACH(s->promises, p)
    {
        p->before = p->policy != NULL;
        p->policy = NULL;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *policy = set->entries[i].policy;
        if (!policy->slo.freed_within || !policy_in_force(policy, s->site->cluster) || !(p = promise_of(s, policy)))
            continue;
        if (!p->held) /* it comes into force, or waits for nothing */
            p->begun = clock_now(s->site->clock);
        if (!p->before)
            p->inherited = taken_over;
        p->policy = policy;
        leave_old(s, p);
        for (int k = 0; k < MPIJOB_KINDS_MOST; k++) {
            struct job_cache *cache = s->watches->caches[k];
            if (cache && concerns(s, p, cache))
                scan(s, p, cache);
        }
    }
    LL_FOREACH(s->promises, p)
    {
        if (!p->policy)
            drop_held(p);
    }
    if (before)
        policy_set_release(before);
}

void slo_follow(struct slo **slo, struct site *site, struct watches *watches, struct policy_set *set,
                int64_t counts_from)
{
    struct slo *s = *slo = *slo ? *slo : make(site, watches);
    struct promise *p;
    if (!s)
        return;
    LL_FOREACH(counts_from == SLO_ELSEWHERE ? s->promises : NULL, p)
    {
        settle(s, p, clock_now(site->clock)); /* until now it was to be counted here */
    }
    s->counts_from = counts_from;
    put_in_force(s, set, !s->set && counts_from != SLO_ALONE);
}

/* ---- telling ---- */

static struct slo_state state_of(struct slo *s, struct promise *p)
{
    int64_t now = clock_now(s->site->clock);
    settle(s, p, now);
    struct slo_state state = {.policy = p->name,
                              .objective = p->objective,
                              .freed_within = p->freed_within,
                              .good = p->good,
                              .all = p->all,
                              .held = HASH_COUNT(p->held)};
    for (int i = 0; i < SLO_WINDOWS; i++)
        state.burn[i] = burn_rate(&p->burn, now, window_minutes[i], p->objective);
    return state;
}

void slo_each(struct slo *s, void (*visit)(void *data, const struct slo_state *state), void *data)
{
    struct promise *p;
    LL_FOREACH(s ? s->promises : NULL, p)
    {
        struct slo_state state = state_of(s, p);
        if (p->policy && (p->all || s->counts_from != SLO_ELSEWHERE))
            visit(data, &state);
    }
}

bool slo_of(struct slo *s, const char *policy, struct slo_state *state)
{
    struct promise *p;
    LL_FOREACH(s ? s->promises : NULL, p)
    {
        if (!p->policy || strcmp(p->name, policy) != 0 || (!p->all && s->counts_from == SLO_ELSEWHERE))
            continue;
        *state = state_of(s, p);
        return true;
    }
    return false;
}
