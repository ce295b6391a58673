#include "jobs/watches.h"

#include <stdlib.h>

#include "change/loops.h"
#include "engine/engine_cluster.h"
#include "trigger/event_trigger.h"

#define SILENCE_US (90 * CLOCK_SECOND) /* a server sends a bookmark a minute */
#define GRACE_US (10 * CLOCK_SECOND)   /* for a watch that was silent to be begun anew, while the cache is still read */

/* ---- what is needed ---- */

struct wish {
    bool any, everywhere, by_labels;
    const char **namespaces; /* NULL-terminated, each once; those of match and scope, not copied */
    size_t count;
    struct buf selector;
};

static bool has(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static int wish_namespace(struct wish *w, const char *name)
{
    if (has(w->namespaces, w->count, name))
        return 0;
    const char **names = realloc(w->namespaces, (w->count + 2) * sizeof *names);
    if (!names)
        return ERR_NOMEM;
    w->namespaces = names;
    names[w->count++] = name;
    names[w->count] = NULL;
    return 0;
}

/* A job's losing a label looks like its end to a watch that selects by it, and its getting one like its beginning: fine
 * for matching, wrong for the others. */
static void wish_labels(struct wish *w, const struct policy *p)
{
    struct buf mine = BUF_INIT;
    mpijob_match_selector(p->match, &mine);
    if (!w->any) {
        w->by_labels = p->on == ON_MATCH && mine.len && !mine.failed;
        buf_add_str(&w->selector, buf_str(&mine));
    } else if (p->on != ON_MATCH || !str_eq(buf_str(&mine), buf_str(&w->selector))) {
        w->by_labels = false;
    }
    buf_free(&mine);
}

static int wish_policy(struct wish *w, const struct policy *p, const char *const *scope)
{
    wish_labels(w, p);
    w->any = true;
    const char *const *names = scope ? scope : mpijob_match_namespaces(p->match);
    int rc = 0;
    if (!names)
        w->everywhere = true;
    for (; names && *names && !rc; names++) {
        if (mpijob_match_in_namespace(p->match, str_of(*names)))
            rc = wish_namespace(w, *names);
    }
    return rc;
}

static int make_wish(struct wish *w, const struct engine_cluster *at, const struct policy_set *set,
                     enum mpijob_kind kind)
{
    int rc = 0;
    *w = (struct wish){0};
    for (size_t i = 0; i < set->count && !rc; i++) {
        const struct policy *p = set->entries[i].policy;
        if (p->on && p->kind == kind && policy_on_cluster(p, cluster_name(at->cluster)))
            rc = wish_policy(w, p, at->namespaces);
    }
    if (!w->everywhere && !w->count)
        w->any = false; /* none of the namespaces in scope can match */
    if (!w->by_labels)
        buf_reset(&w->selector);
    return rc ? rc : w->selector.failed;
}

static void free_wish(struct wish *w)
{
    free(w->namespaces);
    buf_free(&w->selector);
}

static bool granted(const struct job_cache *held, const struct wish *w)
{
    struct mpijob_target target = cluster_target(held->at->cluster, held->kind);
    size_t n = 0;
    if (held->target.version != target.version || held->target.controller != target.controller ||
        !str_is(buf_str(&w->selector), held->selector) || w->everywhere != !held->namespaces)
        return false;
    for (; !w->everywhere && held->namespaces[n]; n++) {
        if (!has(w->namespaces, w->count, held->namespaces[n]))
            return false;
    }
    return w->everywhere || n == w->count;
}

/* ---- what the caches tell ---- */

static bool same_json(struct json a, struct json b)
{
    return str_eq(a.text, b.text);
}

/* Somebody changed what people change, not only the status. */
static bool looks_deliberate(const struct mpijob_view *before, const struct mpijob_view *after)
{
    return before->generation != after->generation || !same_json(before->labels, after->labels) ||
           !same_json(before->annotations, after->annotations);
}

/* A loop of policies is let go when somebody else changes the job. */
static void look_for_help(struct job_cache *held, const struct cache_event *event)
{
    struct engine_cluster *at = held->at;
    if (event->change != CACHE_CHANGED || !loops_know(&at->loops, event->after->uid))
        return;
    const struct mpijob_view *before = cache_before(held->cache, event);
    if (!before || !looks_deliberate(before, event->after) ||
        !loops_changed(&at->loops, event->after->uid, event->after->resource_version))
        return;
    for (struct event_trigger *t = at->ons; t; t = event_trigger_next(t))
        event_trigger_let_go(t, event->slot);
}

static void told(void *data, const struct cache_event *event)
{
    struct job_cache *held = data;
    gpu_sum_event(&held->gpus, event);
    look_for_help(held, event);
    for (struct event_trigger *t = held->at->ons; t; t = event_trigger_next(t))
        event_trigger_event(t, held, event);
}

static void synced(void *data)
{
    struct job_cache *held = data;
    for (struct event_trigger *t = held->at->ons; t; t = event_trigger_next(t))
        event_trigger_synced(t, held);
}

static void trouble(void *data, const struct error *err)
{
    struct job_cache *held = data;
    held->troubled = true;
    if (err->status == 404 && held->current)
        cluster_look(held->at->cluster);
}

/* ---- open and close ---- */

static void free_held(struct job_cache *held)
{
    for (char **name = held->namespaces; name && *name; name++)
        free(*name);
    free(held->namespaces);
    free(held->selector);
    gpu_sum_free(&held->gpus);
    free(held);
}

static void closed(void *data)
{
    struct job_cache *held = data;
    struct engine_cluster *at = held->at;
    free_held(held);
    at->caches_open--;
    engine_check_stopped(at->engine);
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

static void let_go(struct engine_cluster *at, enum mpijob_kind kind)
{
    struct job_cache *held = at->caches[kind];
    at->caches[kind] = NULL;
    if (!held)
        return;
    held->current = false;
    watches_release(held);
}

static int copy_names(struct job_cache *held, const struct wish *w)
{
    held->selector = str_dup(w->selector.len ? buf_str(&w->selector) : str_of(""));
    if (!held->selector)
        return ERR_NOMEM;
    if (w->everywhere)
        return 0;
    held->namespaces = calloc(w->count + 1, sizeof *held->namespaces);
    for (size_t i = 0; held->namespaces && i < w->count; i++) {
        held->namespaces[i] = str_dup(str_of(w->namespaces[i]));
        if (!held->namespaces[i])
            return ERR_NOMEM;
    }
    return held->namespaces ? 0 : ERR_NOMEM;
}

static int start_cache(struct job_cache *held, struct error *err)
{
    struct engine_cluster *at = held->at;
    const struct engine_options *o = &at->engine->o;
    struct cache_options options = {
        .loop = o->loop,
        .kube = cluster_kube(at->cluster),
        .resource = *cluster_resource(at->cluster, held->kind),
        .target = cluster_target(at->cluster, held->kind),
        .namespaces = (const char *const *)held->namespaces,
        .label_selector = *held->selector ? held->selector : NULL,
        .log = o->log,
        .timing.silence_ms = (uint64_t)(o->silence ? o->silence : SILENCE_US) / 1000,
        .clock = o->clock,
        .event = told,
        .synced = synced,
        .trouble = trouble,
        .data = held,
    };
    held->target = options.target;
    int rc = cluster_serves(at->cluster, held->kind, err);
    if (!rc && !held->namespaces && options.target.controller == CONTROLLER_CCI)
        rc = error_set(err, ERR_INVALID,
                       "CCI lists and watches within a namespace only; name the namespaces: `namespaces:` in "
                       "mpijobd.yaml, match.namespace in the policies, or -n");
    if (!rc)
        rc = cache_new(&options, &held->cache, err);
    if (rc)
        return rc;
    at->caches_open++;
    held->holders = 1;
    rc = cache_start(held->cache, err);
    if (rc)
        watches_release(held);
    return rc;
}

static void open_one(struct engine_cluster *at, enum mpijob_kind kind, const struct wish *w)
{
    struct error err;
    struct job_cache *held = calloc(1, sizeof *held);
    int rc = held ? 0 : error_nomem(&err);
    if (!rc) {
        held->at = at;
        held->kind = kind;
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
    if (rc) {
        log_event(at->engine->o.log, LOG_ERROR, "the jobs cannot be watched",
                  LOG_FIELDS({"cluster", engine_cluster_told(at)}, {"reason", err.message}));
        return;
    }
    held->current = true;
    at->caches[kind] = held;
}

void watches_update(struct engine_cluster *at, const struct policy_set *set)
{
    for (int k = 0; k < MPIJOB_KINDS; k++) {
        enum mpijob_kind kind = (enum mpijob_kind)k;
        struct wish w;
        int rc = make_wish(&w, at, set, kind);
        if (rc)
            log_event(at->engine->o.log, LOG_ERROR, "the jobs cannot be watched: out of memory",
                      LOG_FIELDS({"cluster", engine_cluster_told(at)}));
        if (rc || !at->caches[kind] || !w.any || !granted(at->caches[kind], &w)) {
            let_go(at, kind);
            if (!rc && w.any)
                open_one(at, kind, &w);
        }
        free_wish(&w);
    }
}

void watches_close(struct engine_cluster *at)
{
    for (int k = 0; k < MPIJOB_KINDS; k++)
        let_go(at, (enum mpijob_kind)k);
}

/* ---- reading ---- */

static bool covers(const struct job_cache *held, const struct engine_cluster *at, const struct mpijob_match *match)
{
    struct buf selector = BUF_INIT;
    mpijob_match_selector(match, &selector);
    bool labels = !*held->selector || str_is(buf_str(&selector), held->selector);
    buf_free(&selector);
    const char *const *names = at->namespaces ? at->namespaces : mpijob_match_namespaces(match);
    size_t count = 0;
    for (; held->namespaces && held->namespaces[count];)
        count++;
    if (!labels || (held->namespaces && !names))
        return false;
    for (; held->namespaces && *names; names++) {
        if (mpijob_match_in_namespace(match, str_of(*names)) &&
            !has((const char *const *)held->namespaces, count, *names))
            return false;
    }
    return true;
}

struct job_cache *watches_for(const struct engine_cluster *at, enum mpijob_kind kind, const struct mpijob_match *match)
{
    struct job_cache *held = at->caches[kind];
    if (!held || !cache_synced(held->cache) || !covers(held, at, match))
        return NULL;
    int64_t silence = cache_silence_us(held->cache);
    int64_t most = at->engine->o.silence ? at->engine->o.silence : SILENCE_US;
    return silence >= 0 && silence < most + GRACE_US ? held : NULL;
}

int64_t watches_scope(const struct job_cache *held, const struct mpijob_match *match, const char *const *namespaces)
{
    struct mpijob_match *scope = mpijob_match_scope(match);
    struct cache_iter iter;
    uint32_t slot;
    int64_t count = 0;
    if (!scope)
        return 0; /* of nothing no share is allowed */
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
