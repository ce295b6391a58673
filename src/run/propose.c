/* SPDX-License-Identifier: Apache-2.0 */
/* From changes at their gate to a plan that waits. The jobs count as handled only once the plan is durable, so that
 * after a death each of them either waits or is found again. */
#include "run/propose.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "plan/plan.h"
#include "run/runs.h"

struct proposal {
    struct plan plan;
    struct buf settled; /* key, NUL, resourceVersion, NUL, of each job that the run was given */
    struct plan_counts counts;
    bool kept;
};

bool run_proposes(const struct run *run)
{
    return !run->dry_run && !run_looks(run) && !run_warns(run) && !run->approved &&
           (run->policy->approval == APPROVAL_ALWAYS || run->over_limit);
}

bool run_propose_over_limit(struct run *run)
{
    if (run->dry_run || run_looks(run) || run_warns(run) || run->policy->approval != APPROVAL_OVER_LIMITS)
        return false;
    run->over_limit = true;
    return true;
}

bool run_waits(const struct run *run, const struct change_intent *intent)
{
    const struct runs_approval *approval = run->runs->approval;
    return *intent->uid && approval &&
           approval->waits(approval->data, run->policy->name, cluster_name(run->site->cluster), intent->uid, NULL);
}

int run_propose(struct run *run, const char *key, const char *told_as, const struct change_intent *intent,
                struct error *err)
{
    struct proposal *p = run->proposal;
    if (!run->runs->approval || !run->id)
        return error_set(err, ERR_REFUSED,
                         "its policy says approval, and there is no state in which a plan could wait; name one with "
                         "--state, or in the configuration");
    if (!p) {
        p = run->proposal = calloc(1, sizeof *p);
        if (!p)
            return error_nomem(err);
    }
    plan_add(&p->plan, run->policy->name, 0, told_as, run->policy->destructive, intent->change);
    if (run->feed && run->sweep) {
        buf_add(&p->settled, key, strlen(key) + 1);
        buf_add(&p->settled, intent->looked_at, strlen(intent->looked_at) + 1);
    }
    return p->plan.failed || p->settled.failed ? error_nomem(err) : 0;
}

static void settle_all(struct run *run)
{
    const struct buf *b = &run->proposal->settled;
    for (size_t at = 0; at < b->len;) {
        const char *key = b->ptr + at, *seen = key + strlen(key) + 1;
        run_settle(run, key, JOB_LEFT, str_of(seen), NULL, NULL);
        at = (size_t)(seen - b->ptr) + strlen(seen) + 1;
    }
}

static void kept(void *data, const struct error *err)
{
    struct run *run = data;
    struct error told;
    char counts[96];
    run->keeping = false;
    if (err) {
        told = *err;
        error_prefix(&told, "the plan that was to wait for approval could not be kept");
        run_fail(run, err->code == ERR_LIMIT ? RUN_LIMITED : RUN_FAILED, &told);
    } else {
        error_set(&told, ERR_LIMIT, "waits for approval: %s; mpijobd approve %lld --dry-run shows it",
                  plan_counts_text(&run->proposal->counts, counts), (long long)run->id);
        run_fail(run, RUN_WAITING, &told);
        settle_all(run);
    }
    run_check_end(run);
}

bool run_propose_end(struct run *run)
{
    struct proposal *p = run->proposal;
    if (!p || p->kept || run->outcome != RUN_RUNNING)
        return false;
    p->kept = true;
    plan_sort(&p->plan);
    for (size_t i = 0; i < p->plan.left_count; i++)
        run_event(run, LOG_WARN, "a change cannot wait for approval, and is not made",
                  LOG_FIELDS({"job", p->plan.left[i].job}, {"reason", p->plan.left[i].why}));
    if (!p->plan.change_count) {
        settle_all(run);
        return false;
    }
    p->counts = plan_count(&p->plan);
    run->keeping = true;
    const struct runs_approval *approval = run->runs->approval;
    approval->propose(approval->data, run, &p->plan, kept, run);
    return true;
}

void run_propose_free(struct run *run)
{
    if (!run->proposal)
        return;
    plan_free(&run->proposal->plan);
    buf_free(&run->proposal->settled);
    free(run->proposal);
    run->proposal = NULL;
}
