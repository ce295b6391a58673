/* The watches of one cluster: one a kind of job, while a policy in force there waits for that kind's events. Each keeps
 * a cache of the jobs of the namespaces that those policies are about, and tells its subscribers
 * what becomes of them. */
#ifndef MPIJOBD_JOBS_WATCHES_H
#define MPIJOBD_JOBS_WATCHES_H

#include "cache/cache.h"
#include "jobs/gpu_sum.h"
#include "policy/load.h"
#include "site/site.h"

struct watches;

/* A cache, and what it has. It stays open for as long as it has a holder. */
struct job_cache {
    struct cache *cache;
    struct watches *of;
    enum mpijob_kind kind;
    char **namespaces;           /* NULL: all */
    char *selector;              /* "": all labels */
    struct mpijob_target target; /* the version that is watched, and the controller that acts on it */
    struct gpu_sum gpus;
    int holders;
    bool current;  /* it is the one that its kind has now */
    bool troubled; /* something did not work, so it may be long until it is synced */
};

/* Whoever wants to hear of the jobs. The structure is the caller's, and stays where it is until it unsubscribes. */
struct watch_subscriber {
    /* A job is new, has changed or has gone. Its GPUs are counted already. */
    void (*event)(struct watch_subscriber *subscriber, struct job_cache *cache, const struct cache_event *event);
    /* The cache has all jobs now; again after each time that it had lost the server. */
    void (*synced)(struct watch_subscriber *subscriber, struct job_cache *cache);
    struct watch_subscriber *prev, *next;
};

struct watches {
    struct site *site;
    struct job_cache *caches[MPIJOB_KINDS]; /* NULL: no policy in force needs it */
    struct watch_subscriber *subscribers;   /* list */
};

void watches_init(struct watches *watches, struct site *site);
void watches_subscribe(struct watches *watches, struct watch_subscriber *subscriber);
void watches_unsubscribe(struct watches *watches, struct watch_subscriber *subscriber);

/* What the policies of the set need is opened, what none needs any more is given up. Where one is opened anew (other
 * namespaces, another version), the cache of the kind is another than before. The cluster is connected. What fails is
 * logged. */
void watches_update(struct watches *watches, const struct policy_set *set);
void watches_close(struct watches *watches); /* gives up all; site->open counts those that are not closed yet */

void watches_hold(struct job_cache *cache);
void watches_release(struct job_cache *cache);

/* What a write has made of a job is news for its cache, before the watch tells of it. */
void watches_offer(struct watches *watches, enum mpijob_kind kind, struct json object);

/* The cache that has all jobs which can match, and has heard of the server lately; NULL: ask the server. */
struct job_cache *watches_for(const struct watches *watches, enum mpijob_kind kind, const struct mpijob_match *match);
/* How many jobs there are in the namespaces and with the labels that match asks for. namespaces: the only ones that
 * count, NULL: all. */
int64_t watches_scope(const struct job_cache *cache, const struct mpijob_match *match, const char *const *namespaces);

#endif
