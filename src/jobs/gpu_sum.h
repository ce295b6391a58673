/* SPDX-License-Identifier: Apache-2.0 */
/* The sum of the GPUs that the finished jobs of a cache hold, by their status and cleanPodPolicy (pods are not looked
 * at). A number for each slot of the cache, kept up to date by the cache's events: so a hundred thousand jobs need not
 * be unpacked for the sum. */
#ifndef MPIJOBD_JOBS_GPU_SUM_H
#define MPIJOBD_JOBS_GPU_SUM_H

#include "cache/cache.h"

struct gpu_sum { /* begins as zeros */
    int32_t *by_slot;
    uint32_t slots;
    int64_t total;
    bool unknown; /* memory was out once, so the total is wrong */
};

/* Called for each event of the cache. */
void gpu_sum_event(struct gpu_sum *held, const struct cache_event *event);
void gpu_sum_free(struct gpu_sum *held);

#endif
