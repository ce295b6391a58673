/* What the engine has for each of its clusters: the connection's life, what an earlier daemon left unfinished there,
 * and the triggers of the policies that are for it. Nothing of one cluster waits for another. */
#ifndef MPIJOBD_ENGINE_ENGINE_CLUSTER_H
#define MPIJOBD_ENGINE_ENGINE_CLUSTER_H

#include "change/loops.h"
#include "engine/engine.h"
#include "kube/kinds.h"

#define ENGINE_LOOK_EVERY (600 * CLOCK_SECOND)

struct effect_journal;
struct recovery;
struct marks_reading;
struct interrupted_run;
struct schedule;
struct schedule_node;
struct job_cache;
struct event_trigger;

/* What a script has open on the cluster, and may not have closed by itself: it ends with the cluster's part. */
struct engine_stream {
    void (*close)(struct engine_stream *stream); /* takes itself off the list */
    struct engine_stream *prev, *next;
};

struct engine_cluster {
    struct engine *engine;
    struct cluster *cluster;       /* not owned */
    const char *const *namespaces; /* in scope there, NULL: all */
    struct replace_context context;
    struct kube_kinds *kinds; /* engine_cluster_kinds */
    struct engine_stream *streams;
    struct effect_journal *effect_journal;  /* made with the first change whose effect is to be seen */
    struct schedule_node *triggers;         /* list */
    struct event_trigger *ons;              /* list: the policies with `on` */
    int ons_live;                           /* of ours that are not freed yet */
    struct job_cache *caches[MPIJOB_KINDS]; /* NULL: no policy in force needs it */
    int caches_open;                        /* of ours that are not closed yet */
    struct loops loops;
    struct cluster_change change; /* the versions that are served are others */
    struct recovery *recovery;
    struct marks_reading *marks_reading; /* the journal is being asked about the set's policies */
    struct deadline retry;
    struct alarm look;                  /* at what the server serves, every ENGINE_LOOK_EVERY once it has started */
    uint64_t retry_ms;                  /* 0: the last try was fine, or none was made */
    struct interrupted_run *unfinished; /* of an earlier daemon, until the triggers have taken them over */
    size_t unfinished_count;
    bool started, connecting;
    bool ons_started, hooked;
};

/* cluster and namespaces outlive it. */
void engine_cluster_init(struct engine_cluster *at, struct engine *engine, struct cluster *cluster,
                         const char *const *namespaces);
/* Connects, again and again until the server answers, looks into what is unfinished, then starts the triggers. */
void engine_cluster_start(struct engine_cluster *at);
/* The engine's set has changed: its triggers take over from those before. Nothing before it has started. */
void engine_cluster_put_in_force(struct engine_cluster *at);
/* No triggers any more; what it waits for is cancelled. engine_cluster_busy tells when that is over. */
void engine_cluster_stop(struct engine_cluster *at);
bool engine_cluster_busy(const struct engine_cluster *at);
/* Nothing is under way, and the first try to connect is over. */
bool engine_cluster_idle(const struct engine_cluster *at);
void engine_cluster_close(struct engine_cluster *at, void (*closed)(struct deadline *));

struct schedule *engine_cluster_schedule(const struct engine_cluster *at,
                                         const char *policy); /* in force; NULL: none */

/* The kinds that the cluster serves, for scripts; made when they are first asked for. NULL: out of memory. */
struct kube_kinds *engine_cluster_kinds(struct engine_cluster *at);

void engine_stream_add(struct engine_cluster *at, struct engine_stream *stream);
void engine_stream_remove(struct engine_cluster *at, struct engine_stream *stream);

/* Its name where the engine has several, else NULL: for log fields. */
const char *engine_cluster_told(const struct engine_cluster *at);
#endif
