/* SPDX-License-Identifier: Apache-2.0 */
/* One job of a policy, by its name, read from the server: of the kind that the asker says, else of the one of the
 * policy's kinds that has it. */
#ifndef MPIJOBD_JOBS_JOB_FIND_H
#define MPIJOBD_JOBS_JOB_FIND_H

#include "cluster/cluster.h"
#include "policy/definition/definition.h"

/* The struct is the caller's, and stays in place until `found` was called. */
struct job_find {
    struct cluster *cluster;
    const struct policy *policy; /* these three outlive the call */
    const char *name_space, *name;
    const struct mpijob_kind *kind; /* one of the policy's; NULL: not said */
    uint64_t timeout_ms;            /* of each kind's call with its retries; 0: as of every call */
    /* Called once, never from within job_find_start. object: the bytes, for the receiver to free; NULL: err says why:
     * ERR_NOT_FOUND, where `absent` says that the server answered so for this name; ERR_INVALID: several kinds have a
     * job of that name (it says how to name one); ERR_CANCELLED; those of kube.h. */
    void (*found)(struct job_find *find, char *object, size_t len, const struct error *err);
    void *data;
    bool absent;

    struct kube_request *request; /* the rest is job_find.c's; begins as zeros */
    size_t at;
    const struct mpijob_kind *of;
    char *object;
    size_t len;
};

/* 0; or an error, and found is not called. */
int job_find_start(struct job_find *find, struct error *err);
void job_find_cancel(struct job_find *find); /* found comes soon, where the job is being read */

#endif
