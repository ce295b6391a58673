/* SPDX-License-Identifier: Apache-2.0 */
/* Pods, counted by the job they belong to: what a job really has where its status does not tell. A pod is known by the
 * labels that its controller gives it, and by its owner where that is the job itself; one that has ended holds nothing
 * and is not counted. */
#ifndef MPIJOBD_MPIJOB_PODS_H
#define MPIJOBD_MPIJOB_PODS_H

#include "mpijob/view.h"

/* The labels that hold a job's name, as the controllers that may be acting on the target's jobs set them: keys,
 * NULL-terminated. A list for each, `KEY` as its label selector, finds all pods of all jobs. Empty: not known. */
const char *const *mpijob_pod_labels(struct mpijob_target target);
/* ERR_INVALID, for a target whose labels are not known: all pods of a cluster would be taken for theirs. */
int mpijob_pods_unknown(struct mpijob_target target, struct error *err);
/* The field selector that leaves out the pods that have ended. */
extern const char mpijob_pod_fields[];

/* By a pod's labels; by its phase, Succeeded or Failed. */
bool mpijob_pod_is_worker(struct json labels);
bool mpijob_pod_ended(struct json pod);

struct mpijob_pods;

/* gpus: as in mpijob_target; outlives the pods. NULL: out of memory. */
struct mpijob_pods *mpijob_pods_new(const char *const *gpus);
/* They are of jobs of that kind, which may have labels of its own for them (TrainJob, JobSet, Job). Said at first. */
void mpijob_pods_of_kind(struct mpijob_pods *pods, const struct mpijob_kind *kind);
void mpijob_pods_free(struct mpijob_pods *pods); /* NULL is ignored */
/* Empties it. */
void mpijob_pods_clear(struct mpijob_pods *pods);

/* One item of a PodList; a pod that belongs to no job, or has ended, is left out. 0 or ERR_NOMEM. */
int mpijob_pods_add(struct mpijob_pods *pods, struct json pod, struct error *err);

struct mpijob_crew {
    int64_t workers, launchers; /* pods that have not ended */
    int64_t gpus;               /* that they hold: of those that have a node */
    int64_t waiting;            /* GPUs that the others will take as soon as some are free */
};
struct mpijob_crew mpijob_pods_of(const struct mpijob_pods *pods, const struct mpijob_view *view);

#endif
