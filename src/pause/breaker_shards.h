/* SPDX-License-Identifier: Apache-2.0 */
/* Where daemons share the jobs, a shard may move while a policy keeps failing in it: how often it has is kept in the
 * shard's state, and moves with it. */
#ifndef MPIJOBD_PAUSE_BREAKER_SHARDS_H
#define MPIJOBD_PAUSE_BREAKER_SHARDS_H

#include <stdbool.h>

#include "base/error.h"

struct breaker;
struct site;

/* A run of a policy has ended in the site's shard, well or not: returns how many have failed in a row there; 0 where
 * the site is no shard's. */
unsigned breaker_shard_ended(struct breaker *breaker, const struct site *site, const char *policy, bool failed);
/* The shard has come. Blocks. Errors as of state_read_kept. */
int breaker_shard_read(struct breaker *breaker, const struct site *site, struct error *err);
void breaker_shards_close(struct breaker *breaker);

#endif
