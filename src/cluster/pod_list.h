/* The pods of a cluster's jobs, listed once and counted by job (mpijob/pods.h): one paged list for each label that the
 * controllers in question use, in each namespace in scope, without the pods that have ended. */
#ifndef MPIJOBD_CLUSTER_POD_LIST_H
#define MPIJOBD_CLUSTER_POD_LIST_H

#include "cluster/cluster.h"
#include "mpijob/pods.h"

struct pod_list;

struct pod_list_call {
    struct cluster *cluster; /* ready */
    enum mpijob_kind kind;
    const char *const *namespaces; /* NULL: all. Outlives the list */
    struct mpijob_pods *pods;      /* filled; outlives the list. With an error it holds what came before it */
    /* Once, unless it is cancelled; the list is gone then. The message of err says what was asked for. */
    void (*done)(void *data, const struct error *err);
    void *data;
};

int pod_list_start(const struct pod_list_call *call, struct pod_list **list, struct error *err);
void pod_list_cancel(struct pod_list *list); /* done is not called any more */

#endif
