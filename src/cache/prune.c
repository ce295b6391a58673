/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting the jobs that a complete list did not show: they were deleted while no watch was open. A little in each
 * turn of the loop, however many there are. */
#include "cache/parts.h"

#define LOOKS 8192 /* jobs in a turn of the loop */
#define TELLS 256  /* deletions in a turn */

/* Otherwise a job that was last seen 256 lists ago would look as if this list had shown it. */
static void forget_marks(const struct scope *scope)
{
    struct jobs *jobs = &scope->cache->jobs;
    uint32_t only = scope->name_space ? namespaces_find(jobs->spaces, str_of(scope->name_space)) : NO_SPACE;
    for (uint32_t slot = 0; slot < jobs->slots; slot++) {
        struct job *job = jobs_at(jobs, slot);
        if (!scope->name_space || job->name_space == only)
            job->epoch = NEVER_SEEN;
    }
}

void prune_list_begins(struct scope *scope)
{
    scope->sweeping = false; /* the next sweep finds what this one has not come to */
    if (++scope->epoch == NEVER_SEEN) {
        forget_marks(scope);
        scope->epoch++;
    }
}

void prune_begin(struct scope *scope)
{
    scope->sweeping = true;
    scope->swept = 0;
    cache_wake(scope->cache);
}

static bool is_of(const struct scope *scope, const struct job *job)
{
    return !scope->name_space || str_is(jobs_namespace(&scope->cache->jobs, job->name_space), scope->name_space);
}

static void end(struct scope *scope)
{
    struct cache *c = scope->cache;
    bool sweeping = false;
    scope->sweeping = false;
    scope->synced = true;
    c->lists++;
    for (size_t i = 0; i < c->scope_count; i++)
        sweeping = sweeping || c->scopes[i].sweeping;
    if (!sweeping)
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
