/* SPDX-License-Identifier: Apache-2.0 */
/* One list of pods for each kind of job, and those that wait for it. */
#include "run/run_pods.h"

#include <stdlib.h>
#include <utlist.h>

#include "cluster/pod_list.h"
#include "run/run.h"
#include "site/site.h"

struct run_pods {
    struct run *run;
    struct mpijob_pods *pods;
    struct pod_list *list; /* under way */
    struct run_pods_wait *waits;
    bool failed;
};

static void fail(struct run_pods *p, const struct error *err)
{
    p->failed = true;
    run_event(p->run, LOG_WARN, "pods cannot be listed, so workers.active of jobs that have ended is nil in this run",
              LOG_FIELDS({"reason", err->message}));
}

static void listed(void *data, const struct error *err)
{
    struct run_pods *p = data;
    p->list = NULL;
    if (err)
        fail(p, err);
    while (p->waits) {
        struct run_pods_wait *wait = p->waits;
        run_pods_leave(wait);
        wait->ready(wait);
    }
}

static struct run_pods *begin(struct run *run, const struct mpijob_kind *kind)
{
    struct error err;
    struct run_pods *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->run = run;
    p->pods = mpijob_pods_new(cluster_target(run->site->cluster, kind).gpus);
    struct pod_list_call call = {
        .cluster = run->site->cluster,
        .kind = kind,
        .namespaces = run->site->namespaces,
        .pods = p->pods,
        .done = listed,
        .data = p,
    };
    if (!p->pods)
        fail(p, (error_nomem(&err), &err));
    else if (pod_list_start(&call, &p->list, &err))
        fail(p, &err);
    return p;
}

enum run_pods_state run_pods_get(struct run *run, const struct mpijob_kind *kind, struct run_pods_wait *wait,
                                 const struct mpijob_pods **pods)
{
    if (mpijob_kind_described(kind))
        return RUN_PODS_FAILED; /* none of its pods is a worker by name */
    struct run_pods *p = run->pods[mpijob_kind_index(kind)];
    if (!p)
        p = run->pods[mpijob_kind_index(kind)] = begin(run, kind);
    if (!p || p->failed)
        return RUN_PODS_FAILED;
    *pods = p->pods;
    if (!p->list)
        return RUN_PODS_READY;
    wait->on = p;
    DL_APPEND(p->waits, wait);
    return RUN_PODS_WAIT;
}

void run_pods_leave(struct run_pods_wait *wait)
{
    if (!wait->on)
        return;
    DL_DELETE(wait->on->waits, wait);
    wait->on = NULL;
}

void run_pods_free(struct run *run)
{
    for (int k = 0; k < MPIJOB_KINDS; k++) {
        struct run_pods *p = run->pods[k];
        run->pods[k] = NULL;
        if (!p)
            continue;
        if (p->list)
            pod_list_cancel(p->list);
        mpijob_pods_free(p->pods);
        free(p);
    }
}
