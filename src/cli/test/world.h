/* SPDX-License-Identifier: Apache-2.0 */
/* The world of one test: a cluster within this program, the daemon's own engine with the policies, a journal in memory,
 * and one clock for all of them. Time stands still but for world_advance. Everything that happens is written down as
 * records, for the assertions. All calls are on the loop's thread. */
#ifndef MPIJOBD_CLI_TEST_WORLD_H
#define MPIJOBD_CLI_TEST_WORLD_H

#include "cli/test/stand_in.h"
#include "cli/test/wire.h"
#include "cluster/cluster.h"
#include "engine/engine.h"
#include "record/record.h"
#include "sim/life/life_plan.h"
#include "store/store.h"

struct coverage;
struct debugger;
/* Who looks on while the scripts run; not owned. */
struct onlookers {
    struct coverage *coverage; /* of the policies; NULL: lines are not counted */
    struct debugger *debugger; /* of the policies and the specs; NULL: none. Not with coverage */
};

struct world_options {
    uv_loop_t *loop;
    struct defer_queue *soon;
    struct clock *clock; /* manual; moved by the world, and outlives it */
    bool v1alpha2, v1, v2beta1, training_operator, siblings, kinds;
    struct onlookers onlookers;
    struct stand_in *stand_in; /* of the test; outlives the world */
    int64_t jobs, seed;        /* generated at the start, as mpijob-sim does */
    const char *name_space;    /* what a name without a namespace means; NULL: "default" */
    const char *cluster;       /* its name; NULL: "default" */
    const char *controller;    /* "cci"; NULL: as training_operator says */
    const char *const *gpus;   /* as in mpijob_target; outlives the world */
    bool dry_run;              /* its policies only say what they would do */
    int64_t replays;           /* the number of the run that is to be done again: nothing else runs. 0: a test */
    struct record_again again; /* of that run */
};

struct world;
/* 0, or ERR_NOMEM, or an error of the options. */
int world_new(const struct world_options *options, struct world **world, struct error *err);
/* closed is called later, once. */
void world_close(struct world *world, void (*closed)(void *data), void *data);

struct sim *world_sim(struct world *world);
struct wire *world_wire(struct world *world);
const struct cluster *world_cluster(const struct world *world); /* NULL before the first world_settle */
struct journal *world_journal(const struct world *world);       /* NULL before the first world_settle */
/* NULL before the first world_settle. */
struct engine *world_engine(const struct world *world);

/* What it loads when it first moves: files and folders of policies, NULL-terminated, and plugins. Not copied. */
void world_load(struct world *world, const char *const *policies, const struct plugin_place *plugins, size_t count);

/* err NULL: that is so. Else ERR_INVALID: what is wrong in the policies, with file and line. */
typedef void (*world_done)(void *data, const struct error *err);
/* Starts what has not started, and moves the clock to an instant (microseconds since 1970) in steps: at each instant at
 * which something falls due, of the policies or of the cluster's life, it stops until that is done. An instant that has
 * passed: nothing is moved. done is called once, never from within the call; one call at a time. */
void world_advance(struct world *world, int64_t until, world_done done, void *data);
static inline void world_settle(struct world *world, world_done done, void *data)
{
    world_advance(world, INT64_MIN, done, data);
}
/* done is not called any more. */
void world_forget(struct world *world);

/* Records, each a JSON object: {"type":"change"...}, {"type":"log"...}, {"type":"run"...}, {"type":"request"...},
 * {"type":"notification"...}. How many there are, and one of them. */
size_t world_records(const struct world *world);
struct str world_record(const struct world *world, size_t index);

/* A request of the test's own, past rules and faults of the wire. Its answer is freed by sim_response_free. */
void world_ask(struct world *world, const char *method, const char *target, struct str body,
               struct sim_response *response);

#endif
