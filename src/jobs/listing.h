/* The jobs that match, one after the other, filtered by the declarative conditions: from the cache where it has them
 * all, else pages of a list, in each namespace in scope, as they arrive. Shared by the sweep, run.jobs and mpijob.list.
 * The consumer takes them with listing_next; when none is at hand it waits for `ready`. */
#ifndef MPIJOBD_JOBS_LISTING_H
#define MPIJOBD_JOBS_LISTING_H

#include "cluster/cluster.h"
#include "mpijob/match/match.h"
#include "site/site.h"

enum listing_state { LISTING_JOB, LISTING_WAIT, LISTING_END, LISTING_ERROR };

/* What a source of jobs has to be able to do; struct listing is its first member. */
struct listing;
struct listing_ops {
    enum listing_state (*next)(struct listing *listing, struct str *object);
    const struct error *(*error)(const struct listing *listing);
    int64_t (*scope)(const struct listing *listing);
    int64_t (*as_of)(const struct listing *listing);
    void (*free)(struct listing *listing);
};
struct listing {
    const struct listing_ops *ops;
};

struct watches;
struct listing_call {
    const struct site *site; /* of its namespaces, those that match asks for */
    struct watches *watches; /* the cache is read where it has all jobs that can match; NULL: the server is asked */
    enum mpijob_kind kind;
    const struct mpijob_match *match; /* outlives the listing */
    void (*ready)(void *data);        /* something is at hand, or the end, or an error */
    void *data;
};

/* The first request leaves with the first listing_next. */
struct listing *listing_new(const struct listing_call *call, struct error *err);
struct job_cache;
struct listing *listing_of_cache(const struct listing_call *call, struct job_cache *cache,
                                 struct error *err); /* listing_new's */

/* Cancels; ready is not called any more. NULL is ignored. */
static inline void listing_free(struct listing *listing)
{
    if (listing)
        listing->ops->free(listing);
}

/* JOB: *object is the job's bytes, which are the listing's: valid until the next call or listing_free. */
static inline enum listing_state listing_next(struct listing *listing, struct str *object)
{
    return listing->ops->next(listing, object);
}

static inline const struct error *listing_error(const struct listing *listing)
{
    return listing->ops->error(listing);
}

/* Of how many jobs these are some: those of the namespaces and labels asked for. At the end of the listing. */
static inline int64_t listing_scope(const struct listing *listing)
{
    return listing->ops->scope(listing);
}

/* The instant of which the jobs are, microseconds since 1970. */
static inline int64_t listing_as_of(const struct listing *listing)
{
    return listing->ops->as_of(listing);
}

#endif
