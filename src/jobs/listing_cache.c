/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs from a cache: without a request, and without unpacking jobs that the cache's indices rule out. */
#include <stdlib.h>

#include "jobs/listing.h"
#include "jobs/watches.h"
#include "loop/defer.h"

#define SLICE 200 /* jobs that are looked at in one turn of the loop: some milliseconds */

struct cached {
    struct listing listing;
    struct listing_call call;
    struct job_cache *held;
    struct cache_iter iter;
    struct defer turn;
    struct buf bytes;
    const struct error *error; /* error_keep; NULL: none */
    int64_t as_of;             /* microseconds since 1970 */
    unsigned looked_at;        /* jobs, in this turn of the loop */
    bool began;
};

static void my_turn(struct defer *turn)
{
    struct cached *l = turn->data;
    l->looked_at = 0;
    l->call.ready(l->call.data);
}

static void begin(struct cached *l)
{
    l->began = true;
    l->as_of = watches_as_of(l->held, l->call.match);
    cache_iter_begin(l->held->cache, l->call.match, &l->iter);
}

static bool in_scope(const struct cached *l, const struct mpijob_view *view)
{
    const char *const *names = l->call.site->namespaces;
    while (names && *names && !str_is(view->name_space, *names))
        names++;
    return !names || *names;
}

static enum listing_state cached_next(struct listing *listing, struct str *object)
{
    struct cached *l = (struct cached *)listing;
    struct mpijob_view view;
    struct error err;
    uint32_t slot;
    if (!l->began)
        begin(l);
    for (;;) {
        if (l->error)
            return LISTING_ERROR;
        if (l->looked_at >= SLICE) {
            defer_call(l->call.site->soon, &l->turn);
            return LISTING_WAIT;
        }
        if (!cache_iter_next(&l->iter, &slot))
            return LISTING_END;
        l->looked_at++;
        if (cache_view(l->held->cache, slot, &l->bytes, &view, &err)) {
            if (err.code == ERR_NOMEM)
                error_keep(&l->error, &err);
            continue;
        }
        if (!in_scope(l, &view) || !mpijob_match_eval(l->call.match, &view, clock_now(l->call.site->clock), NULL))
            continue;
        *object = buf_str(&l->bytes);
        return LISTING_JOB;
    }
}

static const struct error *cached_error(const struct listing *l)
{
    return ((const struct cached *)l)->error;
}

static int64_t cached_scope(const struct listing *listing)
{
    const struct cached *l = (const struct cached *)listing;
    return watches_scope(l->held, l->call.match, l->call.site->namespaces);
}

static int64_t cached_as_of(const struct listing *l)
{
    return ((const struct cached *)l)->as_of;
}

static void cached_free(struct listing *listing)
{
    struct cached *l = (struct cached *)listing;
    if (l->began)
        cache_iter_end(&l->iter);
    buf_free(&l->bytes);
    error_keep(&l->error, NULL);
    watches_release(l->held);
    defer_cancel(&l->turn);
    free(l);
}

static const struct listing_ops cached_ops = {cached_next, cached_error, cached_scope, cached_as_of, cached_free};

struct listing *listing_of_cache(const struct listing_call *call, struct job_cache *cache, struct error *err)
{
    struct cached *l = calloc(1, sizeof *l);
    if (!l) {
        error_nomem(err);
        return NULL;
    }
    l->listing.ops = &cached_ops;
    l->call = *call;
    l->held = cache;
    watches_hold(l->held);
    l->turn = (struct defer){.call = my_turn, .data = l};
    return &l->listing;
}
