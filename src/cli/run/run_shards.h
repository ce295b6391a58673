/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's part of the jobs that several daemons share, as the configuration says (sharding): the Leases of the
 * shards, and the state of each. */
#ifndef MPIJOBD_CLI_RUN_RUN_SHARDS_H
#define MPIJOBD_CLI_RUN_RUN_SHARDS_H

#include "cli/run/run_shared.h"
#include "lead/shards.h"
#include "pause/common/common_pauses.h"

struct run_shards {
    struct shards *shards;     /* NULL: the jobs are not shared */
    struct run_shared *states; /* one for each shard, as the fences; NULL: there was no memory for them */
    struct kube_fence *fences;
    struct common_pauses *pauses; /* of all the daemons; NULL: as above */
    struct common_guest *guests;  /* one for each shard, of the pauses */
};

/* Where the configuration asks for it: makes them, one for each of the session's clusters (session_shares), so that
 * nothing is written by the connection of a shard but while this daemon owns the shard. They begin with
 * run_shards_start.
 * 0; errors as of run_lead_options, shards_new and shared_open. Close it in any case: the states before the Leases. */
int run_shards_open(struct session *s, struct run_shards *shards, struct engine_options *e, struct error *err);
void run_shards_start(struct run_shards *shards); /* nothing where the jobs are not shared */
/* What was handed to the states is still written; then all shards are given back, which takes two seconds at most. */
void run_shards_close(struct session *s, struct run_shards *shards);

#endif
