/* The daemon's heart: the policies, their triggers and runs on one cluster. Owns everything below it; no globals.
 * All functions are for the loop's thread. */
#ifndef MPIJOBD_POLICY_ENGINE_H
#define MPIJOBD_POLICY_ENGINE_H

#include "loop/timer.h"
#include "policy/load.h"
#include "policy/run.h"

struct engine_options {
    uv_loop_t *loop;
    struct clock *clock; /* outlives the engine */
    const struct log *log;
    struct cluster *cluster;       /* NULL: policies are only loaded (check, next). Not owned */
    struct store *store;           /* NULL: no journal. Not owned */
    const char *const *namespaces; /* NULL-terminated, NULL: all */
    bool dry_run;                  /* all runs */
    bool once;                     /* no triggers: engine_once starts the runs */
    struct script_limits ceilings;
    int (*open)(lua_State *L); /* registers the modules in a fresh state; from the floor above */
    /* Told of each replacement of a run when it has ended; NULL: nobody. job: its key. */
    void (*observe)(void *data, const struct run *run, const char *job, const struct replace_result *result,
                    const struct error *err);
    /* Told when a run has ended. */
    void (*ended)(void *data, const struct run *run);
    void *data;
};

struct engine {
    struct engine_options o;
    struct replace_context context;
    struct alarms *alarms;
    struct policy_set *set;        /* in force; NULL until loaded */
    struct policy_load *loading;   /* under way */
    struct trigger_node *triggers; /* list */
    struct run *runs;              /* list */
    struct recovery *recovery;
    struct arming *arming; /* the journal is being asked about the set's policies */
    struct deadline retry, grace;
    uint64_t retry_ms;
    struct interrupted_run *unfinished; /* of an earlier daemon, until the triggers have taken them over */
    size_t unfinished_count;
    int once_left;
    void (*once_done)(void *data);
    void *once_data;
    bool started, stopping, reload_again, connecting, closed;
    void (*stopped)(void *data);
    void *stopped_data;
    void (*loaded)(void *data, const struct policy_set *set);
    void *loaded_data;
    int handles;  /* of ours that are not closed yet */
    char **paths; /* NULL-terminated, owned */
};

int engine_new(const struct engine_options *options, struct engine **engine, struct error *err);

/* Loads policy files and folders; loaded is called once with the set (its findings included), which the engine puts in
 * force if it has no findings (otherwise the one before stays). */
int engine_load(struct engine *engine, const char *const *paths,
                void (*loaded)(void *data, const struct policy_set *set), void *data, struct error *err);
/* Loads the same paths again (SIGHUP). A file with errors leaves the policies that are in force as they are. */
void engine_reload(struct engine *engine);

/* Looks into what an earlier daemon left unfinished, then starts the triggers. The cluster is connected to first, again
 * and again until it answers. */
void engine_start(struct engine *engine);
/* One run of every policy (the cluster is connected). done when all have ended. */
void engine_once(struct engine *engine, void (*done)(void *data), void *data);

/* No new runs; those under way finish what they have sent, or are abandoned after grace_ms. Then everything is closed
 * and freed and stopped is called. */
void engine_stop(struct engine *engine, uint64_t grace_ms, void (*stopped)(void *data), void *data);

/* The manual clock was moved. */
void engine_clock_moved(struct engine *engine);
bool engine_idle(const struct engine *engine); /* no run, no load, no recovery under way */

/* for the other files of this floor */
void engine_run_ended(struct engine *engine, struct run *run);
void engine_check_stopped(struct engine *engine);
struct trigger *engine_trigger(const struct engine *engine, const char *policy); /* in force; NULL: none */

#endif
