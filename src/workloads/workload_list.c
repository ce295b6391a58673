/* SPDX-License-Identifier: Apache-2.0 */
/* One paged list of Workloads after the other. */
#include "workloads/workload_list.h"

#include <stdlib.h>

#include "kube/verbs.h"

struct workload_list {
    struct workload_list_call call;
    struct workload_table known;
    struct kube_list *list; /* under way */
    size_t version, place;  /* indices into kueue_versions and the namespaces */
    bool absent;            /* the server has no Kueue */
    bool failed;
    struct error err;
};

static int begin(struct workload_list *w);

static bool item(void *data, struct json object)
{
    struct workload_list *w = data;
    struct workload_job job;
    if (!workload_job_of(object, &job) || workload_table_put(&w->known, &job, object) != WORKLOAD_NOMEM)
        return true;
    error_nomem(&w->err);
    w->failed = true;
    return false;
}

/* A server without Kueue has none. */
static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct workload_list *w = data;
    const char *const *places = w->call.namespaces;
    (void)resource_version;
    w->list = NULL;
    bool absent = err && err->status == 404, older = absent && kueue_versions[w->version + 1];
    if (err && !absent && !w->failed) {
        w->err = *err;
        w->failed = true;
    }
    w->absent = absent && !older;
    w->version += older;
    w->place += !err;
    bool more = older || (!absent && places && places[w->place]);
    if (!w->failed && more && begin(w) == 0)
        return;
    w->call.done(w->call.data, w->failed ? &w->err : NULL);
}

static int begin(struct workload_list *w)
{
    struct kube_resource resource = {KUEUE_GROUP, kueue_versions[w->version], KUEUE_WORKLOADS};
    const char *const *places = w->call.namespaces;
    struct kube_query query = {.label_selector = KUEUE_JOB_UID};
    struct kube_list_call call = {.resource = &resource,
                                  .name_space = places ? places[w->place] : NULL,
                                  .query = &query,
                                  .seat = w->call.seat,
                                  .item = item,
                                  .done = listed,
                                  .data = w};
    int rc = kube_list(cluster_kube(w->call.cluster), &call, &w->list, &w->err);
    w->failed = rc != 0;
    return rc;
}

int workload_list_start(const struct workload_list_call *call, struct workload_list **list, struct error *err)
{
    struct workload_list *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->call = *call;
    if (begin(w)) {
        *err = w->err;
        workload_list_free(w);
        return err->code;
    }
    *list = w;
    return 0;
}

enum workload_seen workload_list_find(const struct workload_list *w, struct str uid, struct listed_workload *out)
{
    if (w->absent)
        return WORKLOAD_NO_KUEUE;
    return workload_table_find(&w->known, uid, out) ? WORKLOAD_FOUND : WORKLOAD_NONE;
}

void workload_list_free(struct workload_list *w)
{
    if (!w)
        return;
    if (w->list)
        kube_list_cancel(w->list);
    workload_table_free(&w->known);
    free(w);
}
