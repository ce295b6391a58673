/* SPDX-License-Identifier: Apache-2.0 */
/* A listing that leaves out some of the jobs of another one. */
#include <stdlib.h>

#include "jobs/listing.h"

struct without {
    struct listing listing;
    struct listing *of;
    struct listing_left left;
};

static enum listing_state next(struct listing *listing, struct str *object)
{
    struct without *w = (struct without *)listing;
    enum listing_state state;
    do {
        state = listing_next(w->of, object);
    } while (state == LISTING_JOB && w->left.is_left(w->left.data, *object));
    return state;
}

static const struct error *why(const struct listing *listing)
{
    return listing_error(((const struct without *)listing)->of);
}

static int64_t scope(const struct listing *listing)
{
    return listing_scope(((const struct without *)listing)->of);
}

static int64_t as_of(const struct listing *listing)
{
    return listing_as_of(((const struct without *)listing)->of);
}

static void without_free(struct listing *listing)
{
    listing_free(((struct without *)listing)->of);
    free(listing);
}

struct listing *listing_without(struct listing *of, const struct listing_left *left, struct error *err)
{
    static const struct listing_ops ops = {next, why, scope, as_of, without_free};
    struct without *w = of ? calloc(1, sizeof *w) : NULL;
    if (!w) {
        if (of)
            error_nomem(err);
        listing_free(of);
        return NULL;
    }
    *w = (struct without){{&ops}, of, *left};
    return &w->listing;
}
