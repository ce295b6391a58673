/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the shards of the jobs that move between daemons. */
#ifndef MPIJOBD_ENGINE_SHARD_MOVES_H
#define MPIJOBD_ENGINE_SHARD_MOVES_H

struct engine_cluster;
struct engine_options;
struct metric;

enum shard_move { SHARD_TAKEN, SHARD_GIVEN, SHARD_LOST };

struct shard_moves { /* NULL: nothing is counted, as there are no shards, or no metrics */
    struct metric *moves, *seconds;
};

void shard_moves_open(struct shard_moves *moves, const struct engine_options *options);
void shard_moves_count(const struct shard_moves *moves, enum shard_move way);
/* The policies of the shard run from now on. Nothing where it is a whole cluster. */
void shard_moves_acts(const struct engine_cluster *at);

#endif
