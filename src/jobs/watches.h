/* SPDX-License-Identifier: Apache-2.0 */
/* The watches of one cluster: one for each kind of job whose events a policy in force there waits for, and one of
 * Kueue's Workloads where such a policy asks for the state of a job there (match.kueue). Each keeps a
 * cache of the jobs in the namespaces that those policies are about, and tells subscribers what becomes of the jobs. */
#ifndef MPIJOBD_JOBS_WATCHES_H
#define MPIJOBD_JOBS_WATCHES_H

#include "cache/cache.h"
#include "jobs/gpu_sum.h"
#include "policy/load.h"
#include "site/site.h"
#include "workloads/workload_watch.h"

struct watches;

/* A cache, and what it is of. It stays open while anything holds it (watches_hold). */
struct job_cache {
    struct cache *cache;
    struct watches *of;
    const struct mpijob_kind *kind;
    char **namespaces;           /* NULL-terminated, one block; NULL: all */
    char *selector;              /* of labels; "": all jobs */
    struct mpijob_target target; /* the version that is watched, and its controller */
    struct gpu_sum gpus;
    int holders;
    bool current; /* it is in watches.caches; else a newer one is, and only holders keep this one */
};

/* Hears what becomes of the jobs. The struct is the caller's, and stays in place until it unsubscribes. */
struct watch_subscriber {
    /* A job is new, has changed or has gone. Its GPUs are counted in the cache's sum by then. */
    void (*event)(struct watch_subscriber *subscriber, struct job_cache *cache, const struct cache_event *event);
    /* The cache has all jobs of a scope now: see cache_scope. Comes again each time after it had lost the server. */
    void (*synced)(struct watch_subscriber *subscriber, struct job_cache *cache);
    /* The Workload by which Kueue manages the job has another state or reason, or is gone; NULL: any of them may have.
     * May be NULL. */
    void (*workload)(struct watch_subscriber *subscriber, const struct workload_job *job);
    struct watch_subscriber *prev, *next;
};

struct watches {
    struct site *site;
    struct job_cache *caches
        [MPIJOB_KINDS_MOST]; /* by the kinds' index; NULL: no policy in force needs it, or it could not be opened */
    const struct error *unopened[MPIJOB_KINDS_MOST];    /* why it could not; NULL: it could */
    const struct mpijob_kind *tried[MPIJOB_KINDS_MOST]; /* the kind that could not be; held by the policies in force */
    uint64_t *lists; /* the kinds of each policy with `on`, as bits by their index: where the server has none of a
                      * policy's kinds, that is trouble */
    size_t list_count;
    struct workload_watch *workloads;     /* Kueue's; NULL: no policy in force asks for them, or memory was out */
    struct watch_subscriber *subscribers; /* list */
};

/* The site outlives them. */
void watches_init(struct watches *watches, struct site *site);
void watches_subscribe(struct watches *watches, struct watch_subscriber *subscriber);
void watches_unsubscribe(struct watches *watches, struct watch_subscriber *subscriber);

/* Opens the watches that the policies of the set need, and closes those that no policy needs any more. Where a watch
 * has to change (other namespaces, another version), its kind gets another cache. The cluster has to be connected. A
 * failure is logged. */
void watches_update(struct watches *watches, const struct policy_set *set);
/* Closes all watches; site->open counts those that are not closed yet. */
void watches_close(struct watches *watches);

/* What is listed and watched, or should be: a namespace of a kind, or all. */
struct watch_part {
    const struct mpijob_kind *kind; /* NULL: Kueue's Workloads */
    const char *name_space;         /* NULL: all */
    bool synced;                    /* its jobs were listed */
    const struct error *trouble;    /* why they cannot be listed or watched now; NULL: nothing is wrong that is known */
    int64_t silence_us;             /* since the server was last heard for it; -1: never */
    bool absent;                    /* the server does not have the kind, and each policy about it has another there */
    uint64_t lacked;                /* the kinds that the server does not have, as bits by their index */
};
/* "MPIJob", "Workload". */
const char *watch_part_name(const struct watch_part *part);
/* It is not known what becomes of the jobs there. */
static inline bool watch_part_blind(const struct watch_part *part)
{
    return !part->absent && (!part->synced || part->trouble);
}
/* Does the policy wait for what becomes of the jobs there? Not where the server does not have the kind, and has another
 * of the policy's. */
bool watch_part_concerns(const struct watch_part *part, const struct policy *policy);
void watches_each(const struct watches *watches, void (*visit)(void *data, const struct watch_part *part), void *data);

/* Keeps a cache open until it is released as often. */
void watches_hold(struct job_cache *cache);
void watches_release(struct job_cache *cache);

/* The cache of the kind takes an object that a write has made, before the watch tells of it. */
void watches_offer(struct watches *watches, const struct mpijob_kind *kind, struct json object);

/* The cache that has all jobs which can match, and has heard from the server lately of each of their namespaces. NULL:
 * ask the server. */
struct job_cache *watches_for(const struct watches *watches, const struct mpijob_kind *kind,
                              const struct mpijob_match *match);
/* The same where the server is silent, however long: all jobs as they were at watches_as_of. NULL: they never were all
 * there. */
struct job_cache *watches_last(const struct watches *watches, const struct mpijob_kind *kind,
                               const struct mpijob_match *match);
/* The cache, where it has some of the jobs that can match, or had them when the server was last heard. NULL: it has
 * none. */
struct job_cache *watches_part(const struct watches *watches, const struct mpijob_kind *kind,
                               const struct mpijob_match *match);
/* When the server was last heard, in microseconds since 1970, for the namespace that can match where that is longest
 * ago, of those that are known; 0: never. */
int64_t watches_as_of(const struct job_cache *cache, const struct mpijob_match *match);
/* How many jobs of the cache are in the namespaces and have the labels that match asks for. namespaces: only jobs in
 * these count; NULL: all do. 0 also when out of memory. */
int64_t watches_scope(const struct job_cache *cache, const struct mpijob_match *match, const char *const *namespaces);

#endif
