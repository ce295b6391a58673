/* The daemon's heart: the policies in force, and their runs on one or several clusters. It puts the floors below it
 * together, and owns all that it makes of them; no globals. All functions are for the loop's thread. */
#ifndef MPIJOBD_ENGINE_ENGINE_H
#define MPIJOBD_ENGINE_ENGINE_H

#include "policy/load.h"
#include "run/run.h"

struct metrics;

/* A cluster, and where in it. */
struct engine_place {
    struct cluster *cluster;       /* not owned */
    const char *const *namespaces; /* NULL-terminated, NULL: all. Not owned */
};

struct engine_options {
    uv_loop_t *loop;
    struct defer_queue *soon; /* of the loop; outlives the engine */
    struct clock *clock;      /* outlives the engine */
    const struct log *log;
    const struct engine_place *places; /* clusters, copied; none: policies are only loaded (check, next) */
    size_t place_count;
    const char *const *cluster_names; /* that policies may name, NULL-terminated, outlive it; NULL: any */
    struct metrics *metrics;          /* NULL: nothing is counted. Not owned */
    const struct policy_known *known; /* without places: what policies are held against; outlives engine_load alone */
    size_t known_count;
    struct journal *journal; /* NULL: none is kept, and no state either. Not owned */
    struct state *state;     /* NULL together with the journal. Not owned */
    int64_t silence;         /* a watch that says nothing for so long is dead, microseconds; 0: SITE_SILENCE_US */
    int64_t keep;            /* the journal's rows so long, microseconds; 0: for ever */
    bool dry_run;            /* all runs */
    bool once;               /* no triggers: engine_once starts the runs */
    struct script_limits ceilings;
    int (*open)(lua_State *L); /* registers the modules in a fresh state; from the floor above */
    /* Told of each change of a run when it has ended; NULL: nobody asks. job: its key. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct change_result *result,
                    const struct error *err);
    /* Told when a run has ended. NULL: nobody asks. */
    void (*ended)(void *data, const struct run *run);
    void *data;
};

struct engine;
/* ERR_NOMEM. */
int engine_new(const struct engine_options *options, struct engine **engine, struct error *err);

/* Loads policy files and folders; loaded is called once with the set (its findings included), which the engine puts in
 * force if it has no findings (otherwise the one before stays). ERR_NOMEM. */
int engine_load(struct engine *engine, const char *const *paths,
                void (*loaded)(void *data, const struct policy_set *set), void *data, struct error *err);
/* What options.known pointed to is gone: only loading needed it. */
void engine_forget_known(struct engine *engine);
/* Loads the same paths again (SIGHUP). A file with errors leaves the policies that are in force as they are. */
void engine_reload(struct engine *engine);

/* Each cluster on its own: connects, again and again until it answers, looks into what an earlier daemon left
 * unfinished there, then starts the triggers. */
void engine_start(struct engine *engine);
/* One run of every policy on each of its clusters (they are connected). done when all have ended. */
void engine_once(struct engine *engine, void (*done)(void *data), void *data);

/* No new runs; those under way finish what they have sent, or are abandoned after grace_ms. Then everything is closed
 * and freed and stopped is called. */
void engine_stop(struct engine *engine, uint64_t grace_ms, void (*stopped)(void *data), void *data);

/* The manual clock was moved. */
void engine_clock_moved(struct engine *engine);
/* No run, load or recovery under way; a cluster that cannot be reached does not count, once that is known. */
bool engine_idle(const struct engine *engine);

/* ---- for those who only look ---- */

/* The policies in force; NULL until they are loaded. Valid until the next turn of the loop, unless it is held. */
const struct policy_set *engine_policies(const struct engine *engine);

struct engine_snapshot {
    bool stopping, loading;
    size_t clusters, connected; /* connected: those that policies can run on */
    size_t runs;                /* under way */
};
struct engine_snapshot engine_look(const struct engine *engine);

#endif
