/* The server's state, which every part of the core shares, and what comes from that alone. Not for callers outside the
 * core. */
#ifndef SIM_SERVER_SERVER_H
#define SIM_SERVER_SERVER_H
#include "sim/doc/schema.h"
#include "sim/server/sim_options.h"
#include "sim/store/kinds.h"
#include "sim/store/store.h"

struct credentials;
struct faults;
struct recorder;
struct life;

struct sim {
    struct sim_options opt;
    struct store store;
    struct schema *schema[MPIJOB_VERSIONS];
    struct schema *sibling_schema; /* of TFJobs, PyTorchJobs, MXJobs */
    bool served[MPIJOB_VERSIONS];
    bool deprecated[MPIJOB_VERSIONS]; /* its answers say so in a Warning */
    int stored_as;
    bool restored;   /* the stored version has been another one: what is stored is pruned when it is read */
    int64_t mono_ms; /* real time, for time-outs of watches */
    int64_t now_us;  /* simulated time, for time stamps and the life of jobs */
    int64_t mono_start, start_us;
    uint64_t random;
    struct sim_watch *watches;
    size_t watch_count;
    int64_t watches_due; /* mono_ms at which one of them has to be looked at */
    struct faults *faults;
    struct recorder *recorder;
    struct life *life;
    struct credentials *credentials;
    size_t generated; /* MPIJobs made so far, for their names */
};

/* random.c */
uint64_t sim_random(struct sim *sim);
void sim_uuid(struct sim *sim, char out[37]);
void sim_suffix(struct sim *sim, char out[6]); /* five characters as generateName has them */
void sim_timestamp(const struct sim *sim, char out[32]);
size_t sim_job_count(const struct sim *sim);

/* versions.c */
void versions_choose(struct sim *sim); /* by the options */
void versions_free(struct sim *sim);
/* Another definition of MPIJobs takes the place of the one before, as when an operator is upgraded. Open watches have
 * to be ended by the caller. */
void versions_change(struct sim *sim);
#endif
