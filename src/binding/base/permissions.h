/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server has to allow for a call of a policy: one bit a verb on a resource. The modules say which of them
 * each function needs (binding/modules.h); `mpijobd rbac` writes them as roles, `mpijobd doctor` asks the server for
 * them. */
#ifndef MPIJOBD_BINDING_BASE_PERMISSIONS_H
#define MPIJOBD_BINDING_BASE_PERMISSIONS_H

#include "mpijob/kind.h"

/* Those of one resource stand together. */
enum {
    MAY_NOTHING = 0,
    MAY_GET = 1 << 0, /* the first seven: on a kind of job, mpijobs.kubeflow.org and its like */
    MAY_LIST = 1 << 1,
    MAY_UPDATE = 1 << 2,
    MAY_PATCH = 1 << 3,
    MAY_CREATE = 1 << 4,
    MAY_DELETE = 1 << 5,
    MAY_WATCH = 1 << 6,
    MAY_GET_JOB = 1 << 7, /* a Job of batch/v1: the launcher of v1alpha2 and v2beta1 */
    MAY_LIST_JOBS = 1 << 8,
    MAY_PATCH_JOB = 1 << 9,
    MAY_GET_POD = 1 << 10, /* the launcher of v1, and the workers */
    MAY_LIST_PODS = 1 << 11,
    MAY_WATCH_PODS = 1 << 12,
    MAY_PATCH_POD = 1 << 13,
    MAY_CREATE_EVENT = 1 << 14, /* what kubectl describe shows of a job */
    MAY_PATCH_EVENT = 1 << 15,
    MAY_GET_WORKLOAD = 1 << 16, /* Kueue's, by which it manages jobs */
    MAY_LIST_WORKLOADS = 1 << 17,
    MAY_WATCH_WORKLOADS = 1 << 18,
    MAY_PATCH_WORKLOAD = 1 << 19,
    MAY_GET_JOBSET = 1 << 20, /* of a TrainJob */
    MAY_OTHERS = 1 << 21,     /* verbs on objects of any kind; which ones is known only when the policy runs */
};
#define PERMISSIONS 21 /* bits that stand for a verb on a resource: all but MAY_OTHERS */

#define MAY_OF_A_KIND ((1U << 7) - 1) /* the bits that are on a kind of job; the others are the same for all kinds */
#define MAY_REPLACE (MAY_GET | MAY_UPDATE) /* it reads the job after a conflict and after a lost answer: hence get */
#define MAY_CHANGE (MAY_UPDATE | MAY_PATCH | MAY_CREATE | MAY_DELETE) /* a job */
#define MAY_TELL (MAY_CREATE_EVENT | MAY_PATCH_EVENT)
#define MAY_WRITE (MAY_CHANGE | MAY_PATCH_JOB | MAY_PATCH_POD | MAY_TELL | MAY_PATCH_WORKLOAD)
/* Stopping a job and resuming it, by the job or by its Workload, and seeing its pods go. */
#define MAY_HALT                                                                                                       \
    (MAY_REPLACE | MAY_GET_WORKLOAD | MAY_LIST_WORKLOADS | MAY_PATCH_WORKLOAD | MAY_LIST_PODS | MAY_WATCH_PODS)
/* Changing a launcher; the version that is served decides whether it is a Job or a Pod. */
#define MAY_CHANGE_LAUNCHER (MAY_GET_JOB | MAY_PATCH_JOB | MAY_GET_POD | MAY_PATCH_POD)
/* Changing a Job of a JobSet: it is looked for among them. */
#define MAY_CHANGE_JOB (MAY_GET_JOB | MAY_LIST_JOBS | MAY_PATCH_JOB)
#define MAY_SEE_EFFECT (MAY_WATCH | MAY_LIST_PODS | MAY_WATCH_PODS)

struct permission {
    const char *verb, *group, *resource;
};
/* bit: its number, below PERMISSIONS. */
struct permission permission_of(const struct mpijob_kind *kind, unsigned bit);

/* What a change through the child of a job of this kind needs besides. */
unsigned permissions_through(const struct mpijob_kind *kind);

#endif
