/* GPUs that finished jobs hold, of all jobs of a cache: a number a slot, kept up with the cache's events, so that
 * nobody has to unpack a hundred thousand jobs to know the sum. By status and policy, without a look at the pods. */
#ifndef MPIJOBD_JOBS_GPU_SUM_H
#define MPIJOBD_JOBS_GPU_SUM_H

#include "cache/cache.h"

struct gpu_sum {
    int32_t *by_slot;
    uint32_t slots;
    int64_t total;
    bool unknown; /* there was no memory once */
};

void gpu_sum_event(struct gpu_sum *held, const struct cache_event *event);
void gpu_sum_free(struct gpu_sum *held);

#endif
