/* SPDX-License-Identifier: Apache-2.0 */
/* One list of Workloads a run, and those that wait for it. */
#include "run/run_workloads.h"

#include <stdlib.h>
#include <utlist.h>

#include "run/run.h"
#include "run/runs.h"
#include "site/site.h"

struct run_workloads {
    struct workload_list *list;
    bool listed;
    struct run_workloads_wait *waits;
    struct error err; /* code 0: none */
};

static void listed(void *data, const struct error *err)
{
    struct run_workloads *w = data;
    w->listed = true;
    if (err)
        w->err = *err;
    while (w->waits) {
        struct run_workloads_wait *wait = w->waits;
        run_workloads_leave(wait);
        wait->ready(wait);
    }
}

static struct run_workloads *begin(struct run *run)
{
    struct run_workloads *w = calloc(1, sizeof *w);
    const struct workload_list_call call = {.cluster = run->site->cluster,
                                            .namespaces = run->site->namespaces,
                                            .seat = run_seat(run),
                                            .done = listed,
                                            .data = w};
    if (w && workload_list_start(&call, &w->list, &w->err))
        w->listed = true;
    return w;
}

enum workload_seen run_workloads_known(const struct run *run, struct str name_space, struct str uid,
                                       struct listed_workload *out)
{
    const struct watches *watches = run->runs->watches;
    const struct run_workloads *w = run->workloads;
    enum workload_seen seen = workload_watch_find(watches ? watches->workloads : NULL, name_space, uid, out);
    if (seen != WORKLOAD_UNSEEN || !w || !w->listed || w->err.code)
        return seen;
    return workload_list_find(w->list, uid, out);
}

enum run_workloads_state run_workloads_get(struct run *run, struct str name_space, struct str uid,
                                           struct run_workloads_wait *wait, enum workload_seen *seen,
                                           struct listed_workload *out, struct error *err)
{
    struct run_workloads *w = run->workloads;
    *seen = run_workloads_known(run, name_space, uid, out);
    if (*seen != WORKLOAD_UNSEEN)
        return RUN_WORKLOADS_READY;
    if (!w)
        w = run->workloads = begin(run);
    if (!w) {
        error_nomem(err);
        return RUN_WORKLOADS_FAILED;
    }
    if (!w->listed) {
        wait->on = w;
        DL_APPEND(w->waits, wait);
        return RUN_WORKLOADS_WAIT;
    }
    if (w->err.code) {
        *err = w->err;
        return RUN_WORKLOADS_FAILED;
    }
    *seen = workload_list_find(w->list, uid, out);
    return RUN_WORKLOADS_READY;
}

const struct error *run_workloads_error(const struct run *run)
{
    const struct run_workloads *w = run->workloads;
    return w && w->listed && w->err.code ? &w->err : NULL;
}

void run_workloads_leave(struct run_workloads_wait *wait)
{
    if (!wait->on)
        return;
    DL_DELETE(wait->on->waits, wait);
    wait->on = NULL;
}

void run_workloads_free(struct run *run)
{
    struct run_workloads *w = run->workloads;
    run->workloads = NULL;
    if (!w)
        return;
    workload_list_free(w->list);
    free(w);
}
