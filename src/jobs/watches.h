/* The caches of one cluster: one a kind of job, while a policy in force there waits for that kind's events. It holds
 * the jobs of the namespaces that those policies are about, and hands each event to their triggers (on_trigger.h). */
#ifndef MPIJOBD_JOBS_WATCHES_H
#define MPIJOBD_JOBS_WATCHES_H

#include "cache/cache.h"
#include "jobs/gpu_sum.h"
#include "policy/load.h"

struct engine_cluster;

/* A cache, and what it has. It stays open for as long as somebody holds it. */
struct held_cache {
    struct cache *cache;
    struct engine_cluster *at;
    enum mpijob_kind kind;
    char **namespaces;           /* NULL: all */
    char *selector;              /* "": all labels */
    struct mpijob_target target; /* the version that is watched, and who acts on it */
    struct held_gpus gpus;
    int holders;
    bool current;  /* the one that its kind has now */
    bool troubled; /* something did not work, so it may be long until it is synced */
};

/* What the policies of the set need is opened, what none needs any more is given up. Where one is opened anew (other
 * namespaces, another version), held_cache of the kind is another than before. The cluster is connected. */
void caches_update(struct engine_cluster *at, const struct policy_set *set);
void caches_close(struct engine_cluster *at); /* gives up all; engine_cluster_busy until they are closed */

void caches_hold(struct held_cache *held);
void caches_release(struct held_cache *held);

/* The cache that has all jobs which can match, and was heard of lately; NULL: ask the server. */
struct held_cache *caches_for(const struct engine_cluster *at, enum mpijob_kind kind, const struct mpijob_match *match);
/* Jobs of the namespaces and labels that match asks for. namespaces: the only ones that count, NULL: all. */
int64_t caches_scope(const struct held_cache *held, const struct mpijob_match *match, const char *const *namespaces);

#endif
