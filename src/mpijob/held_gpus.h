/* SPDX-License-Identifier: Apache-2.0 */
/* What a job holds, which is not what it asked for: pods that are there hold GPUs, whether it has ended or not. */
#ifndef MPIJOBD_MPIJOB_HELD_GPUS_H
#define MPIJOBD_MPIJOB_HELD_GPUS_H

#include "mpijob/pods.h"

enum mpijob_held_by {
    HELD_BY_PODS,   /* they were counted */
    HELD_BY_STATUS, /* the status says how many workers there are: v1alpha2 keeps that after the end */
    HELD_BY_POLICY, /* follows from what the controller does with the job's cleanPodPolicy; at most so many */
};
struct mpijob_held_gpus {
    int64_t gpus;
    enum mpijob_held_by source;
};

/* pods NULL: they could not be listed; then it is known of a job that has ended, and false of any other. The same for a
 * job that none of the pods belongs to, where it was not seen how the controller labels them (CCI). */
bool mpijob_holds_gpus(const struct mpijob_view *view, const struct mpijob_pods *pods, struct mpijob_held_gpus *held);

/* GPU-hours of so many GPUs held from `from` until `until`, as far as it lies between now - window and now.
 * Microseconds. 0 where `from` is MPIJOB_NO_TIME. */
double mpijob_gpu_hours(int64_t gpus, int64_t from, int64_t until, int64_t now, int64_t window);

/* Evicted, and the controller has not seen the launcher end for good: until then mpi-operator cleans up nothing. */
bool mpijob_evicted_open(const struct mpijob_view *view);
/* managedBy names another manager than the controller that acts on the other jobs. */
bool mpijob_managed_elsewhere(const struct mpijob_view *view);

#endif
