/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of a job. */
#include "shard/shard.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

unsigned shard_of(struct str name_space, struct str uid, unsigned shards)
{
    XXH64_hash_t seed = XXH64(name_space.ptr, name_space.len, 0);
    return (unsigned)(XXH64(uid.ptr, uid.len, seed) % shards);
}

bool shard_has(const struct shard *shard, struct str name_space, struct str uid)
{
    return !shard->of || shard_of(name_space, uid, shard->of) == shard->index;
}
