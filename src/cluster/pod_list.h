/* SPDX-License-Identifier: Apache-2.0 */
/* Lists the pods of a cluster's jobs once, and counts them by job (mpijob/pods.h): one paged list for each label that
 * the kind's controllers use, in each namespace in scope. Pods that have ended are left out. */
#ifndef MPIJOBD_CLUSTER_POD_LIST_H
#define MPIJOBD_CLUSTER_POD_LIST_H

#include "cluster/cluster.h"
#include "mpijob/pods.h"

struct pod_list;

struct pod_list_call {
    struct cluster *cluster; /* ready */
    const struct mpijob_kind *kind;
    const char *const *namespaces; /* NULL-terminated; NULL: all. Outlives the list */
    struct mpijob_pods *pods;      /* is filled; outlives the list. After an error it holds what came before */
    /* Called once, later, unless the list is cancelled; the list is freed before. ERR_NOMEM, ERR_LIMIT (the server
     * forgot its list between two pages three times), and those of kube.h. */
    void (*done)(void *data, const struct error *err);
    void *data;
};

/* 0, ERR_NOMEM, ERR_INVALID (how the pods of this kind and version are labelled is unknown), or an error of kube_list;
 * with an error done is not called. */
int pod_list_start(const struct pod_list_call *call, struct pod_list **list, struct error *err);
void pod_list_cancel(struct pod_list *list); /* done is not called any more */

#endif
