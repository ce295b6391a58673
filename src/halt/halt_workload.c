/* SPDX-License-Identifier: Apache-2.0 */
/* The Workload by which Kueue manages a job: the one that bears the job's uid. A server without Kueue has none. */
#include "halt/halt_parts.h"

struct kube_resource halt_workload_resource(const struct halt *h)
{
    return (struct kube_resource){KUEUE_GROUP, kueue_versions[h->workload.version], KUEUE_WORKLOADS};
}

static void ask(struct halt *h);

/* The newest that is not being deleted: of a job whose Workload was deleted there may be two for a moment. */
static bool item(void *data, struct json object)
{
    struct halt *h = data;
    struct kueue_workload read;
    if (!kueue_workload_read(object, &read) || (h->workload.found && read.deleting))
        return true;
    buf_reset(&h->workload.bytes);
    buf_add_str(&h->workload.bytes, object.text);
    h->workload.found = true;
    return true;
}

static void restarted(void *data)
{
    struct halt *h = data;
    h->workload.found = false;
}

/* Only where the job says nothing of Kueue is it enough that its Workloads cannot be looked at. */
static bool excused(const struct halt *h, const struct error *err)
{
    return (err->status == 403 || err->status == 404) && !kueue_manages(h->view.object);
}

static void listed(void *data, const char *resource_version, const struct error *err)
{
    struct halt *h = data;
    struct error told;
    struct json root;
    (void)resource_version;
    h->workload.list = NULL;
    if (err && err->status == 404 && kueue_versions[h->workload.version + 1]) {
        h->workload.version++;
        ask(h);
        return;
    }
    if (err && !excused(h, err)) {
        told = *err;
        if (err->status == 404)
            error_set(&told, ERR_NOT_FOUND,
                      "the job has the label of a Kueue queue, and the server serves no Workloads: install Kueue, or "
                      "take the label kueue.x-k8s.io/queue-name away");
        else
            error_prefix(&told, "Kueue manages the job, and its Workload has to be looked at");
        halt_finish(h, &told);
        return;
    }
    if (h->workload.found && (buf_result(&h->workload.bytes, "the Workload", &told) ||
                              json_parse(buf_str(&h->workload.bytes), "the Workload", &root, &told))) {
        halt_finish(h, &told);
        return;
    }
    h->workload.found = h->workload.found && kueue_workload_read(root, &h->workload.read);
    halt_decide(h);
}

static void ask(struct halt *h)
{
    struct error err;
    char selector[128];
    struct kube_resource resource = halt_workload_resource(h);
    struct kube_query query = {.label_selector = selector};
    snprintf(selector, sizeof selector, KUEUE_JOB_UID "=%.*s", (int)h->view.uid.len, h->view.uid.ptr);
    struct kube_list_call call = {.resource = &resource,
                                  .name_space = h->call.name_space,
                                  .query = &query,
                                  .seat = h->call.writer.seat,
                                  .item_kind = "Workload",
                                  .item = item,
                                  .restarted = restarted,
                                  .done = listed,
                                  .data = h};
    if (kube_list(cluster_kube(h->call.site->cluster), &call, &h->workload.list, &err))
        halt_finish(h, &err);
}

void halt_find_workload(struct halt *h)
{
    ask(h);
}
