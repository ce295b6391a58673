/* SPDX-License-Identifier: Apache-2.0 */
/* A run that is done again, with the jobs of a recording (record/record.h) in place of the cluster's. */
#ifndef MPIJOBD_ENGINE_REPLAY_H
#define MPIJOBD_ENGINE_REPLAY_H

#include "engine/engine.h"

struct replay_call {
    const char *policy, *cluster;
    const char *trigger; /* static */
    int64_t scheduled_at;
    const char *asked_by;  /* NULL: nobody */
    struct listing *jobs;  /* the run frees it */
    struct run_feed *feed; /* room for what the run is given; stays until it has ended */
};

/* Begins a run of the policy on the cluster, which is connected; of its end engine_options.ended tells. ERR_NOT_FOUND:
 * no such policy (names the nearest) or cluster; ERR_REFUSED: the policy stands aside there; ERR_NOMEM. Then the
 * listing stays the caller's. */
int engine_replay(struct engine *engine, const struct replay_call *call, struct error *err);

#endif
