/* The engine's insides, shared by the files of this folder only. */
#ifndef MPIJOBD_ENGINE_ENGINE_PARTS_H
#define MPIJOBD_ENGINE_ENGINE_PARTS_H

#include "cluster/cluster.h"
#include "engine/engine.h"
#include "loop/defer.h"
#include "loop/timer.h"
#include "run/runs.h"
#include "trigger/marks.h"
#include "trigger/triggers.h"

struct meters;
struct recovery;

/* What the engine has for each of its clusters: the connection's life, what an earlier daemon left unfinished there,
 * and the runs and triggers of the policies that are for it. Nothing of one cluster waits for another. */
struct engine_cluster {
    struct engine *engine;
    struct site site;
    struct watches watches;
    struct runs runs;
    struct triggers triggers;
    struct cluster_change change; /* the versions that are served are others */
    struct recovery *recovery;
    struct deadline retry;
    struct alarm look;                  /* at what the server serves, every ENGINE_LOOK_EVERY once it has started */
    unsigned failures;                  /* in a row; 0: the last try was fine, or none was made */
    struct interrupted_run *unfinished; /* of an earlier daemon, until the triggers have taken them over */
    size_t unfinished_count;
    bool started, connecting, triggered, hooked;
    bool reading_marks; /* the journal is being asked about the set's policies */
};

struct engine {
    struct engine_options o;
    struct policy_env env;
    struct engine_cluster *clusters;
    size_t cluster_count;
    struct counters *counters;
    struct meters *meters; /* NULL: nothing is counted */
    struct alarms *alarms;
    struct alarm prune;          /* of the journal: set while old rows are removed from it */
    struct policy_set *set;      /* in force; NULL until loaded */
    struct policy_load *loading; /* under way */
    struct defer turn;           /* what must not happen within the caller's call */
    struct deadline grace;
    int once_left;
    void (*once_done)(void *data);
    void *once_data;
    bool stopping, reload_again, closed;
    void (*stopped)(void *data);
    void *stopped_data;
    void (*loaded)(void *data, const struct policy_set *set);
    void *loaded_data;
    int handles;  /* that are not closed yet */
    char **paths; /* NULL-terminated, owned */
};

/* ---- engine.c ---- */
/* Closes everything, if it is stopping and nothing is under way any more. */
void engine_check_stopped(struct engine *engine);

/* ---- engine_cluster.c ---- */
#define ENGINE_LOOK_EVERY (600 * CLOCK_SECOND)
/* place: cluster and namespaces outlive it. */
void engine_cluster_init(struct engine_cluster *at, struct engine *engine, const struct engine_place *place);
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

#endif
