/* SPDX-License-Identifier: Apache-2.0 */
/* Lists Kueue's Workloads of a cluster once, and keeps what each tells by the uid of its job: one paged list in each
 * namespace in scope, of the newest version that the server has. A server without Kueue has none. */
#ifndef MPIJOBD_WORKLOADS_WORKLOAD_LIST_H
#define MPIJOBD_WORKLOADS_WORKLOAD_LIST_H

#include "cluster/cluster.h"
#include "workloads/workload_table.h"

struct workload_list;

struct workload_list_call {
    struct cluster *cluster;       /* ready */
    const char *const *namespaces; /* NULL-terminated; NULL: all. Outlives the list */
    struct seat_for seat;          /* for whom the requests are; flow outlives the list */
    /* Called once, later, unless the list is freed before. ERR_NOMEM, and those of kube.h. */
    void (*done)(void *data, const struct error *err);
    void *data;
};

/* 0, ERR_NOMEM, or an error of kube_list; with an error done is not called. */
int workload_list_start(const struct workload_list_call *call, struct workload_list **list, struct error *err);
/* The Workload of the job with that uid, which *out tells of where it is found. After done, until
 * workload_list_free. */
enum workload_seen workload_list_find(const struct workload_list *list, struct str uid, struct listed_workload *out);
void workload_list_free(struct workload_list *list); /* NULL is ignored; done is not called any more */

#endif
