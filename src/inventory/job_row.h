/* SPDX-License-Identifier: Apache-2.0 */
/* A job in a list: what it is sorted by, who it is, and what is told of it. Inside the inventory floor only. */
#ifndef MPIJOBD_INVENTORY_JOB_ROW_H
#define MPIJOBD_INVENTORY_JOB_ROW_H

#include "inventory/jobs_list.h"

struct job_row {
    int64_t key;                        /* of the order: the lowest first */
    const char *cluster, *space, *name; /* in its own memory */
    struct str told;                    /* JSON */
    char memory[];
};

/* What the order goes by. */
int64_t job_row_key(enum jobs_order order, const struct mpijob_view *view);
/* The GPUs that the job holds though it has ended, by its status and cleanPodPolicy; -1: it has not ended. */
int64_t job_row_held(const struct mpijob_view *view);
/* By key, namespace, name, cluster. */
int job_row_compare(const struct job_row *a, const struct job_row *b);
/* free() takes it back. NULL: out of memory. */
struct job_row *job_row_new(int64_t key, const char *cluster, const struct mpijob_view *view);
struct job_row *job_row_place(int64_t key, const char *cluster, struct str space, struct str name);

#endif
