/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a cache knows all its jobs. */
#ifndef MPIJOBD_TESTS_CACHE_SYNCED_H
#define MPIJOBD_TESTS_CACHE_SYNCED_H

#include "cache/cache.h"

/* The first list of each scope is complete. */
static inline bool all_synced(const struct cache *cache)
{
    for (size_t i = 0; i < cache_scopes(cache); i++) {
        if (!cache_scope(cache, i).synced)
            return false;
    }
    return true;
}

#endif
