/* GPUs that finished jobs hold, of all jobs of a cache: a number a slot, kept up with the cache's events, so that
 * nobody has to unpack a hundred thousand jobs to know the sum. By status and policy, without a look at the pods. */
#ifndef MPIJOBD_JOBS_GPU_SUM_H
#define MPIJOBD_JOBS_GPU_SUM_H

#include "cache/cache.h"

struct held_gpus {
    int32_t *by_slot;
    uint32_t slots;
    int64_t total;
    bool unknown; /* there was no memory once */
};

void held_gpus_event(struct held_gpus *held, const struct cache_event *event);
void held_gpus_free(struct held_gpus *held);

#endif
