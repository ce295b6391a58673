/* What a job holds, which is not what it asked for: pods that are there hold GPUs, whether it has ended or not. */
#ifndef MPIJOBD_MPIJOB_HELD_GPUS_H
#define MPIJOBD_MPIJOB_HELD_GPUS_H

#include "mpijob/pods.h"

enum mpijob_held_by {
    HOLD_PODS,   /* counted */
    HOLD_STATUS, /* by the number of workers that the status has: v1alpha2 keeps it after the end */
    HOLD_POLICY, /* worked out from what the controller does with the job's cleanPodPolicy; at most so many */
};
struct mpijob_held_gpus {
    int64_t gpus;
    enum mpijob_held_by source;
};

/* pods NULL: they could not be listed; then only a job that has ended can be told, false for any other. The same for a
 * job of CCI that none of the pods belongs to. */
bool mpijob_holds_gpus(const struct mpijob_view *view, const struct mpijob_pods *pods, struct mpijob_held_gpus *hold);

/* GPU-hours of so many GPUs held from `from` until `until`, as far as it lies between now - window and now.
 * Microseconds. 0 where `from` is MPIJOB_NO_TIME. */
double mpijob_gpu_hours(int64_t gpus, int64_t from, int64_t until, int64_t now, int64_t window);

/* Evicted, and the controller has not seen the launcher end for good: mpi-operator cleans up nothing until then. */
bool mpijob_evicted_open(const struct mpijob_view *view);
/* Left to a manager that is none of the controllers here. */
bool mpijob_managed_elsewhere(const struct mpijob_view *view);

#endif
