/* SPDX-License-Identifier: Apache-2.0 */
/* A cache's life: its reflectors, its chores in the loop's idle turns, its end. */
#include "cache/parts.h"

#include <stdlib.h>

#include "base/texts.h"
#include "mpijob/kind.h"

#define RETRAIN_MS 60000

#define IN_LOG(scope)                                                                                                  \
    {"cluster", (scope)->cache->options.told},                                                                         \
        LOG_QUIET_FIELD("cluster", (scope)->cache->options.told ? NULL : (scope)->cache->options.cluster),             \
    {                                                                                                                  \
        "namespace", (scope)->name_space                                                                               \
    }

/* ---- what the reflectors tell ---- */

static void on_relist(void *data)
{
    prune_list_begins(data);
}

static int on_upsert(void *data, struct json object, bool initial)
{
    return upsert_object(data, object, initial);
}

static void on_remove(void *data, struct json object)
{
    upsert_removal(data, object);
}

static void on_synced(void *data)
{
    prune_begin(data);
}

static void on_trouble(void *data, const struct error *err)
{
    struct scope *scope = data;
    struct cache *c = scope->cache;
    log_event(c->options.log, scope->trouble ? LOG_DEBUG : LOG_WARN,
              scope->synced ? "jobs cannot be watched; those known are as they were last seen"
                            : "jobs cannot be listed",
              LOG_FIELDS(IN_LOG(scope), {"reason", err->message}));
    error_keep(&scope->trouble, err);
    if (c->options.trouble)
        c->options.trouble(c->options.data, err);
}

static void on_well(void *data)
{
    struct scope *scope = data;
    log_event(scope->cache->options.log, LOG_INFO, "jobs can be watched again", LOG_FIELDS(IN_LOG(scope)));
    error_keep(&scope->trouble, NULL);
}

static void on_restarted(void *data, enum kube_watch_end why)
{
    struct scope *scope = data;
    scope->cache->restarts[why]++;
    log_event(scope->cache->options.log, LOG_DEBUG, "the watch starts again",
              LOG_FIELDS(IN_LOG(scope), {"end", kube_watch_end_name(why)}));
}

/* ---- chores ---- */

static void on_turn(uv_idle_t *chores)
{
    struct cache *c = chores->data;
    if (!prune_step(c) && !repack_step(c) && !c->closing)
        uv_idle_stop(chores);
}

void cache_wake(struct cache *c)
{
    if (!c->closing)
        uv_idle_start(&c->chores, on_turn);
}

/* ---- making it ---- */

static void cache_free(struct cache *c)
{
    for (size_t i = 0; i < c->scope_count; i++) {
        free(c->scopes[i].name_space);
        error_keep(&c->scopes[i].trouble, NULL);
    }
    free(c->scopes);
    free(c->texts);
    jobs_free(&c->jobs);
    samples_free(&c->samples);
    buf_free(&c->scratch);
    buf_free(&c->past.bytes);
    free(c);
}

static int make_scopes(struct cache *c)
{
    const char *const *names = c->options.namespaces;
    size_t n = 0;
    while (names && names[n])
        n++;
    c->scopes = calloc(n ? n : 1, sizeof *c->scopes);
    if (!c->scopes)
        return ERR_NOMEM;
    c->scope_count = n ? n : 1;
    for (size_t i = 0; i < c->scope_count; i++) {
        c->scopes[i].cache = c;
        if (n && !(c->scopes[i].name_space = str_dup(str_of(names[i]))))
            return ERR_NOMEM;
    }
    c->options.namespaces = NULL;
    return 0;
}

static int set_up(struct cache *c)
{
    struct cache_options *o = &c->options;
    c->texts = TEXTS_COPY({&o->resource.group, o->resource.group}, {&o->resource.version, o->resource.version},
                          {&o->resource.plural, o->resource.plural}, {&o->label_selector, o->label_selector});
    if (!c->texts || jobs_init(&c->jobs))
        return ERR_NOMEM;
    return make_scopes(c);
}

int cache_new(const struct cache_options *options, struct cache **cache, struct error *err)
{
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    c->options = *options;
    if (!c->options.retrain_ms)
        c->options.retrain_ms = RETRAIN_MS;
    int rc = set_up(c) ? error_nomem(err) : pack_new(options->loop, &c->pack, err);
    if (rc) {
        cache_free(c);
        return rc;
    }
    uv_idle_init(options->loop, &c->chores);
    c->chores.data = c;
    *cache = c;
    return 0;
}

int cache_start(struct cache *c, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < c->scope_count; i++) {
        struct kube_reflect_call call = {
            .resource = c->options.resource,
            .item_kind = mpijob_kind_info(c->options.target.kind)->name,
            .name_space = c->scopes[i].name_space,
            .label_selector = c->options.label_selector,
            .by_pages = c->options.by_pages,
            .timing = c->options.timing,
            .relist = on_relist,
            .upsert = on_upsert,
            .remove = on_remove,
            .synced = on_synced,
            .trouble = on_trouble,
            .well = on_well,
            .restarted = on_restarted,
            .data = &c->scopes[i],
        };
        rc = kube_reflect(c->options.kube, &call, &c->scopes[i].reflect, err);
    }
    return rc;
}

/* ---- closing ---- */

static void one_closed(void *data)
{
    struct cache *c = data;
    if (--c->alive)
        return;
    void (*closed)(void *) = c->closed;
    void *closed_data = c->closed_data;
    cache_free(c);
    if (closed)
        closed(closed_data);
}

static void chores_closed(uv_handle_t *handle)
{
    struct cache *c = handle->data;
    pack_close(c->pack, one_closed, c); /* not before: a callback of the cache may be using it */
}

void cache_close(struct cache *c, void (*closed)(void *data), void *data)
{
    c->closing = true;
    c->closed = closed;
    c->closed_data = data;
    c->alive = 1;
    for (size_t i = 0; i < c->scope_count; i++) {
        if (!c->scopes[i].reflect)
            continue;
        c->alive++;
        kube_reflect_close(c->scopes[i].reflect, one_closed, c);
        c->scopes[i].reflect = NULL;
    }
    uv_close((uv_handle_t *)&c->chores, chores_closed);
}
