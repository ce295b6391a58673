/* SPDX-License-Identifier: Apache-2.0 */
/* The state of the server, which every folder of the core shares, and what comes from that state alone. Only for the
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
    struct schema *sibling_schema;     /* of TFJobs, PyTorchJobs and MXJobs */
    struct schema *kind_schema[KINDS]; /* of the kinds whose row of the table has one */
    bool served[MPIJOB_VERSIONS];
    bool deprecated[MPIJOB_VERSIONS]; /* a Warning in its answers says so */
    int stored_as;                    /* the version that objects are stored in */
    bool restored;                    /* stored_as has changed: what is stored has to be pruned when it is read */
    int64_t mono_ms;                  /* monotonic, for the time-outs of watches */
    int64_t now_us;                   /* simulated, since 1970, for time stamps and the life of jobs */
    int64_t mono_start, start_us;
    uint64_t random; /* the state of sim_random */
    struct sim_watch *watches;
    size_t watch_count;
    int64_t watches_due; /* the mono_ms at which one of them is due */
    struct faults *faults;
    struct recorder *recorder;
    struct life *life;
    struct credentials *credentials;
    size_t generated; /* MPIJobs made so far, for their names */
};

/* ---- chance, decided by the seed, and time */
uint64_t sim_random(struct sim *sim);
void sim_uuid(struct sim *sim, char out[37]);
void sim_suffix(struct sim *sim, char out[6]);           /* five characters, as generateName adds them */
void sim_timestamp(const struct sim *sim, char out[32]); /* now_us in RFC 3339, whole seconds */
size_t sim_job_count(const struct sim *sim);
/* Of a resource that an option brings: was it given? Of MPIJobs not by version. */
bool sim_serves(const struct sim *sim, const struct resource *r);

/* ---- the versions of MPIJobs that are served */
void versions_choose(struct sim *sim); /* as sim->opt says */
void versions_free(struct sim *sim);
/* As when another definition of MPIJobs is applied; sim->opt has changed. The caller has to end the open watches. */
void versions_change(struct sim *sim);
#endif
