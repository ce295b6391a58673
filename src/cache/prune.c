/* After a list: what it did not show has gone while nobody looked. A little in each turn of the loop, however many. */
#include "cache/core.h"

#define LOOKS 8192
#define TELLS 256

void prune_begin(struct scope *scope)
{
    scope->sweeping = true;
    scope->swept = 0;
    cache_wake(scope->cache);
}

static bool is_of(const struct scope *scope, const struct job *job)
{
    return !scope->name_space || str_is(namespaces_name(&scope->cache->jobs, job->name_space), scope->name_space);
}

static void end(struct scope *scope)
{
    struct cache *c = scope->cache;
    scope->sweeping = false;
    scope->synced = true;
    c->lists++;
    for (size_t i = 0; i < c->scope_count; i++) {
        if (!c->scopes[i].synced || c->scopes[i].sweeping)
            return;
    }
    repack_consider(c);
    if (c->options.synced)
        c->options.synced(c->options.data);
}

static void step(struct scope *scope)
{
    struct cache *c = scope->cache;
    unsigned tells = 0, looks = 0;
    while (scope->swept < c->jobs.slots && looks++ < LOOKS && tells < TELLS) {
        uint32_t slot = scope->swept++;
        const struct job *job = jobs_at(&c->jobs, slot);
        if (!job->used || job->epoch == scope->epoch || !is_of(scope, job))
            continue;
        upsert_forget(c, slot, true);
        if (c->closing)
            return;
        tells++;
    }
    if (scope->swept >= c->jobs.slots)
        end(scope);
}

bool prune_step(struct cache *c)
{
    for (size_t i = 0; i < c->scope_count; i++) {
        if (c->scopes[i].sweeping) {
            step(&c->scopes[i]);
            return true;
        }
    }
    return false;
}
