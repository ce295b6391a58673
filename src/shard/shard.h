/* SPDX-License-Identifier: Apache-2.0 */
/* Which shard a job belongs to: a function of its namespace, its uid and the number of shards, the same in every
 * release, since daemons of several releases may share the jobs while they are upgraded. */
#ifndef MPIJOBD_SHARD_SHARD_H
#define MPIJOBD_SHARD_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define SHARDS_MOST 64 /* each has a Lease that is renewed, and connections */

struct shard {
    unsigned of;    /* how many there are; 0: jobs are not shared, and all of them are in this one */
    unsigned index; /* from 0 */
};

/* shards from 1. */
unsigned shard_of(struct str name_space, struct str uid, unsigned shards);
/* Is the job in it? */
bool shard_has(const struct shard *shard, struct str name_space, struct str uid);
/* Is it the shard of a run of that number? */
static inline bool shard_has_run(const struct shard *shard, int64_t run)
{
    return !shard->of || (run < 0 ? 0 : (unsigned)(run % (int64_t)shard->of)) == shard->index;
}

#endif
