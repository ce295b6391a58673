/* SPDX-License-Identifier: Apache-2.0 */
/* What may be asked of a cache: its scopes, its jobs, the candidates of a match, its figures. */
#include "cache/parts.h"

#include <stdlib.h>

static int64_t silence_of(const struct scope *scope)
{
    uint64_t ms = scope->reflect ? kube_reflect_silence_ms(scope->reflect) : UINT64_MAX;
    return ms == UINT64_MAX ? -1 : (int64_t)ms * 1000;
}

/* ---- its scopes ---- */

size_t cache_scopes(const struct cache *c)
{
    return c->scope_count;
}

struct cache_scope cache_scope(const struct cache *c, size_t i)
{
    const struct scope *scope = &c->scopes[i];
    return (struct cache_scope){scope->name_space, scope->synced, scope->trouble, silence_of(scope)};
}

size_t cache_scope_of(const struct cache *c, uint32_t slot)
{
    for (size_t i = 0; i < c->scope_count; i++) {
        const char *name = c->scopes[i].name_space;
        if (!name || str_is(cache_namespace(c, slot), name))
            return i;
    }
    return c->scope_count;
}

uint32_t cache_slots(const struct cache *c)
{
    return c->jobs.slots;
}

bool cache_holds(const struct cache *c, uint32_t slot)
{
    return jobs_used(&c->jobs, slot);
}

bool cache_find(const struct cache *c, struct str name_space, struct str name, uint32_t *slot)
{
    *slot = jobs_find(&c->jobs, name_space, name);
    return *slot != NO_SLOT;
}

struct str cache_namespace(const struct cache *c, uint32_t slot)
{
    return jobs_namespace(&c->jobs, jobs_at(&c->jobs, slot)->name_space);
}

struct str cache_name(const struct cache *c, uint32_t slot)
{
    return jobs_name(&c->jobs, jobs_at(&c->jobs, slot));
}

enum mpijob_phase cache_phase(const struct cache *c, uint32_t slot)
{
    return (enum mpijob_phase)jobs_at(&c->jobs, slot)->phase;
}

int cache_view(const struct cache *c, uint32_t slot, struct buf *bytes, struct mpijob_view *view, struct error *err)
{
    const struct job *job = jobs_at(&c->jobs, slot);
    buf_reset(bytes);
    if (buf_reserve(bytes, job->raw) ||
        pack_decode(c->pack, jobs_packed(&c->jobs, job), job->dictionary, bytes->ptr, job->raw))
        return error_nomem(err);
    bytes->len = job->raw;
    bytes->ptr[bytes->len] = '\0';
    return mpijob_view((struct json){buf_str(bytes)}, c->options.target, view, err);
}

/* ---- candidates ---- */

void cache_iter_begin(const struct cache *c, const struct mpijob_match *match, struct cache_iter *iter)
{
    *iter = (struct cache_iter){.cache = c, .match = match, .name_space = NO_SPACE};
    if (!match)
        return;
    iter->phases = mpijob_match_phases(match);
    iter->wants = labels_wants(&c->jobs, match);
}

static bool in_scope(struct cache_iter *iter, uint32_t name_space)
{
    unsigned generation = namespaces_generation(iter->cache->jobs.spaces);
    if (name_space != iter->name_space || generation != iter->generation) {
        iter->name_space = name_space;
        iter->generation = generation;
        iter->in_scope = mpijob_match_in_namespace(iter->match, jobs_namespace(&iter->cache->jobs, name_space));
    }
    return iter->in_scope;
}

static bool passes(struct cache_iter *iter, const struct job *job)
{
    if (!job->used || !iter->match)
        return job->used;
    return (!iter->phases || (iter->phases & 1U << job->phase)) && labels_pass(iter->wants, job->labels) &&
           in_scope(iter, job->name_space) && mpijob_match_named(iter->match, jobs_name(&iter->cache->jobs, job));
}

bool cache_iter_next(struct cache_iter *iter, uint32_t *slot)
{
    while (iter->next < iter->cache->jobs.slots) {
        *slot = iter->next++;
        if (passes(iter, jobs_at(&iter->cache->jobs, *slot)))
            return true;
    }
    return false;
}

void cache_iter_end(struct cache_iter *iter)
{
    free(iter->wants);
    iter->wants = NULL;
}

/* ---- figures ---- */

void cache_stats(const struct cache *c, struct cache_stats *stats)
{
    *stats = (struct cache_stats){
        .jobs = c->jobs.count,
        .raw_bytes = c->jobs.raw_bytes,
        .packed_bytes = c->jobs.packed_bytes,
        .memory_bytes = sizeof *c + jobs_memory(&c->jobs) + pack_memory(c->pack) + c->scratch.cap + c->past.bytes.cap +
                        c->samples.bytes.cap + c->samples.cap * sizeof *c->samples.sizes,
        .dictionaries = pack_trained(c->pack),
        .events = c->events,
        .stale = c->stale,
        .unreadable = c->unreadable,
        .lists = c->lists,
    };
    memcpy(stats->restarts, c->restarts, sizeof stats->restarts);
}
