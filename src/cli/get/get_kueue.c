/* SPDX-License-Identifier: Apache-2.0 */
/* What Kueue makes of each job: its queue, and the state of its Workload. */
#include <stdio.h>

#include "cli/get/get_parts.h"
#include "workloads/workload_list.h"

static void listed(void *data, const struct error *err)
{
    struct session *s = data;
    error_clear(&s->error);
    if (err)
        s->error = *err;
    s->flag = true;
}

static bool any_managed(const struct get *g)
{
    for (size_t i = 0; i < g->jobs.count; i++) {
        if (kueue_manages(g->jobs.items[i].view.object))
            return true;
    }
    return false;
}

void get_list_workloads(struct get *g)
{
    struct session *s = &g->s;
    const struct workload_list_call call = {.cluster = s->cluster,
                                            .namespaces = (const char *const *)s->namespaces,
                                            .seat = {NULL, SEAT_PERSON},
                                            .done = listed,
                                            .data = s};
    g->kueue = s->options.output == OUTPUT_WIDE && any_managed(g);
    if (!g->kueue)
        return;
    s->flag = false;
    if (workload_list_start(&call, &g->workloads, &s->error) == 0)
        session_wait(s);
    s->flag = false;
    if (!s->error.code)
        return;
    workload_list_free(g->workloads);
    g->workloads = NULL;
    fprintf(stderr, "mpijobd get: KUEUE stays empty, because Kueue's Workloads cannot be listed: %s\n",
            s->error.message);
}

bool get_queue(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    (void)g, (void)number;
    json_decode(json_get(v->labels, KUEUE_GROUP "/queue-name"), out);
    return false;
}

bool get_kueue(struct get *g, const struct mpijob_view *v, struct buf *out, int64_t *number)
{
    struct listed_workload workload;
    (void)number;
    if (!g->workloads || !kueue_manages(v->object))
        return false;
    enum kueue_state state;
    enum workload_seen seen = workload_list_find(g->workloads, v->uid, &workload);
    if (!workload_state(seen, &workload, mpijob_phase_finished(v->phase), &state))
        return false;
    buf_puts(out, kueue_state_name(state));
    if (seen == WORKLOAD_FOUND && state == KUEUE_STOPPED && *workload.reason)
        buf_printf(out, " (%s)", workload.reason);
    return false;
}
