/* SPDX-License-Identifier: Apache-2.0 */
/* One paged list after the other: for each label, in each namespace. */
#include "cluster/pod_list.h"

#include <stdlib.h>

#define ROUNDS 3

struct pod_list {
    struct pod_list_call call;
    struct kube_list *list; /* under way */
    const char *const *labels;
    size_t label, place; /* indices into labels and call.namespaces */
    int round;           /* how often it began again */
    bool failed;
    struct error error;
};

static bool take(void *data, struct json item)
{
    struct pod_list *l = data;
    l->failed = mpijob_pods_add(l->call.pods, item, &l->error) != 0;
    return !l->failed;
}

static void restarted(void *data);
static void listed(void *data, const char *resource_version, const struct error *err);

static int begin(struct pod_list *l, struct error *err)
{
    static const struct kube_resource pods = {"", "v1", "pods"};
    struct kube_query query = {.label_selector = l->labels[l->label], .field_selector = mpijob_pod_fields};
    struct kube_list_call call = {
        .resource = &pods,
        .name_space = l->call.namespaces ? l->call.namespaces[l->place] : NULL,
        .query = &query,
        .item = take,
        .restarted = restarted,
        .done = listed,
        .data = l,
    };
    return kube_list(cluster_kube(l->call.cluster), &call, &l->list, err);
}

static void finish(struct pod_list *l)
{
    void (*done)(void *, const struct error *) = l->call.done;
    void *data = l->call.data;
    struct error err = l->error;
    bool failed = l->failed;
    free(l);
    done(data, failed ? &err : NULL);
}

/* The server has forgotten its list: pods that were counted would come again, so everything is counted again. */
static void restarted(void *data)
{
    struct pod_list *l = data;
    kube_list_cancel(l->list);
    l->list = NULL;
    mpijob_pods_clear(l->call.pods);
    l->label = l->place = 0;
    if (++l->round == ROUNDS)
        l->failed = error_set(&l->error, ERR_LIMIT,
                              "the pods cannot be listed: the server forgets its list between two pages, again and "
                              "again") != 0;
    else
        l->failed = begin(l, &l->error) != 0;
    if (l->failed)
        finish(l);
}

static bool advance(struct pod_list *l)
{
    const char *const *places = l->call.namespaces;
    if (places && places[l->place + 1]) {
        l->place++;
        return true;
    }
    l->place = 0;
    return l->labels[++l->label] != NULL;
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    (void)resource_version;
    struct pod_list *l = data;
    l->list = NULL;
    if (err && !l->failed) {
        l->error = *err;
        l->failed = true;
    }
    if (!l->failed && advance(l))
        l->failed = begin(l, &l->error) != 0;
    if (!l->list)
        finish(l);
}

int pod_list_start(const struct pod_list_call *call, struct pod_list **list, struct error *err)
{
    struct pod_list *l = calloc(1, sizeof *l);
    if (!l)
        return error_nomem(err);
    l->call = *call;
    struct mpijob_target target = cluster_target(call->cluster, call->kind);
    l->labels = mpijob_pod_labels(target);
    int rc = *l->labels ? begin(l, err) : mpijob_pods_unknown(target, err);
    if (rc)
        free(l);
    else
        *list = l;
    return rc;
}

void pod_list_cancel(struct pod_list *l)
{
    if (l->list)
        kube_list_cancel(l->list);
    free(l);
}
