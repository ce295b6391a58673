/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs that match, one after the other: from a cache that has them all, else from the pages of lists, in each
 * namespace in scope, as they arrive. They are filtered by the declarative conditions of a match, all but `where`. Used
 * by sweeps, run.jobs and mpijob.list. The consumer takes them with listing_next; after LISTING_WAIT it waits for
 * `ready`. */
#ifndef MPIJOBD_JOBS_LISTING_H
#define MPIJOBD_JOBS_LISTING_H

#include "cluster/cluster.h"
#include "mpijob/match/match.h"
#include "site/site.h"

enum listing_state { LISTING_JOB, LISTING_WAIT, LISTING_END, LISTING_ERROR };

/* The functions of a source of jobs, whose struct begins with a struct listing. */
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
    const struct site *site; /* outlives the listing; of its namespaces, those that match asks for are listed */
    struct watches *watches; /* a cache of theirs is read where it has all jobs that can match; NULL: none is */
    const struct mpijob_kind *kind;
    const struct mpijob_match *match; /* outlives the listing, as seat.flow does */
    struct seat_for seat;             /* for whom it is */
    const char *policy;               /* for the log: whose run it is for; NULL: no run's. Outlives it */
    int64_t run;
    /* How long the server is asked for a page that it does not give, in ms: then the listing ends, without further
     * namespaces. 0: as long as a call may take, for each of them. */
    uint64_t patience_ms;
    void (*ready)(void *data); /* listing_next may have something now: a job, the end or an error */
    /* May be NULL. A page has come from the server: how many jobs it has given so far, and how many it will have given
     * at the end; 0: it does not say. */
    void (*page)(void *data, size_t given, size_t in_all);
    void *data;
};

/* The caller owns it. The first request leaves with the first listing_next. NULL: ERR_NOMEM. */
struct listing *listing_new(const struct listing_call *call, struct error *err);
struct policy;
/* The same of all kinds of a policy that are in force on the cluster, in the order of its list; call->kind is not read.
 * Kinds that the server does not have are passed over, unless it has none of them. The policy outlives it. */
struct listing *listing_of_policy(const struct listing_call *call, const struct policy *policy, struct error *err);
/* Which of the jobs are left out. */
struct listing_left {
    bool (*is_left)(void *data, struct str object);
    void *data;
};
/* The same jobs, but for those that are left out; they still count in its scope. Takes `of` over. NULL: of is NULL, or
 * ERR_NOMEM. */
struct listing *listing_without(struct listing *of, const struct listing_left *left, struct error *err);
struct job_cache;
/* For listing_new alone: the listing of listing_cache.c. */
struct listing *listing_of_cache(const struct listing_call *call, struct job_cache *cache, struct error *err);

/* Cancels what is under way; ready is not called any more. NULL is ignored. */
static inline void listing_free(struct listing *listing)
{
    if (listing)
        listing->ops->free(listing);
}

/* JOB: *object has the job's bytes, which the listing owns: they are valid until the next call, or listing_free. */
static inline enum listing_state listing_next(struct listing *listing, struct str *object)
{
    return listing->ops->next(listing, object);
}

/* After LISTING_ERROR: why. The listing owns it. */
static inline const struct error *listing_error(const struct listing *listing)
{
    return listing->ops->error(listing);
}

/* How many jobs there are in the namespaces and with the labels that match asks for. Known at the listing's end. */
static inline int64_t listing_scope(const struct listing *listing)
{
    return listing->ops->scope(listing);
}

/* The instant at which the jobs were as they are listed, microseconds since 1970. */
static inline int64_t listing_as_of(const struct listing *listing)
{
    return listing->ops->as_of(listing);
}

#endif
