/* The caches of one cluster: one a kind of job, while a policy in force there waits for that kind's events. It holds
 * the jobs of the namespaces that those policies are about, and hands each event to their triggers (event_trigger.h).
 */
#ifndef MPIJOBD_JOBS_WATCHES_H
#define MPIJOBD_JOBS_WATCHES_H

#include "cache/cache.h"
#include "jobs/gpu_sum.h"
#include "policy/load.h"

struct engine_cluster;

/* A cache, and what it has. It stays open for as long as somebody holds it. */
struct job_cache {
    struct cache *cache;
    struct engine_cluster *at;
    enum mpijob_kind kind;
    char **namespaces;           /* NULL: all */
    char *selector;              /* "": all labels */
    struct mpijob_target target; /* the version that is watched, and who acts on it */
    struct gpu_sum gpus;
    int holders;
    bool current;  /* the one that its kind has now */
    bool troubled; /* something did not work, so it may be long until it is synced */
};

/* What the policies of the set need is opened, what none needs any more is given up. Where one is opened anew (other
 * namespaces, another version), job_cache of the kind is another than before. The cluster is connected. */
void watches_update(struct engine_cluster *at, const struct policy_set *set);
void watches_close(struct engine_cluster *at); /* gives up all; engine_cluster_busy until they are closed */

void watches_hold(struct job_cache *held);
void watches_release(struct job_cache *held);

/* The cache that has all jobs which can match, and was heard of lately; NULL: ask the server. */
struct job_cache *watches_for(const struct engine_cluster *at, enum mpijob_kind kind, const struct mpijob_match *match);
/* Jobs of the namespaces and labels that match asks for. namespaces: the only ones that count, NULL: all. */
int64_t watches_scope(const struct job_cache *held, const struct mpijob_match *match, const char *const *namespaces);

#endif
