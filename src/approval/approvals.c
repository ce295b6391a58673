/* SPDX-License-Identifier: Apache-2.0 */
/* The runs that wait, and what becomes of them. */
#include "approval/approvals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "approval/approval_parts.h"
#include "base/metrics.h"
#include "base/texts.h"
#include "run/run.h"
#include "store/journal.h"
#include "store/state.h"

/* ---- one ---- */

static int by_text(const void *a, const void *b)
{
    const char *const *one = a, *const *other = b;
    return strcmp(*one, *other);
}

static void rang(struct alarm *alarm, int64_t now);

struct waiting *waiting_new(struct approvals *a, int64_t run, struct state *state, const char *policy,
                            const char *cluster, struct plan *plan)
{
    struct waiting *w = calloc(1, sizeof *w);
    if (!w) {
        plan_free(plan);
        return NULL;
    }
    w->of = a;
    w->run = run;
    w->state = state;
    w->plan = *plan;
    *plan = (struct plan){0};
    w->alarm = (struct alarm){.ring = rang, .data = w};
    w->texts = TEXTS_COPY({&w->policy, policy}, {&w->cluster, cluster});
    w->uids = calloc(w->plan.change_count + 1, sizeof *w->uids);
    DL_APPEND(a->list, w);
    a->count_all++;
    if (!w->texts || !w->uids) {
        waiting_free(w);
        return NULL;
    }
    for (size_t i = 0; i < w->plan.change_count; i++)
        w->uids[w->uid_count++] = plan_main_write(&w->plan.changes[i])->uid;
    if (w->uid_count)
        qsort(w->uids, w->uid_count, sizeof *w->uids, by_text);
    return w;
}

void waiting_free(struct waiting *w)
{
    alarm_stop(w->of->o.alarms, &w->alarm);
    DL_DELETE(w->of->list, w);
    w->of->count_all--;
    w->of->bytes -= w->bytes;
    plan_free(&w->plan);
    free(w->uids);
    free(w->texts);
    free(w);
}

struct end { /* the answer that comes when all is durable */
    struct approval_call call;
    struct approval_result result;
    bool made;
};

static void is_durable(void *data, int64_t id, const struct error *err)
{
    struct end *e = data;
    (void)id;
    e->call.done(e->call.data, e->made && !err ? &e->result : NULL, err);
    free(e);
}

void waiting_end(struct waiting *w, const char *outcome, const char *message, const struct approval_result *result)
{
    struct store_run row = {.id = w->run,
                            .ended_at = clock_now(w->of->o.clock),
                            .outcome = outcome,
                            .message = message,
                            .unchanged = w->unchanged,
                            .failed = w->failed};
    struct end *e = w->call.done ? calloc(1, sizeof *e) : NULL;
    state_run_end(w->state, &row, false, NULL, NULL);
    gone_tell(w, outcome, message);
    if (e)
        *e = (struct end){.call = w->call, .made = result != NULL};
    if (e && result)
        e->result = *result;
    waiting_erase(w, e ? is_durable : NULL, e);
    if (w->call.done && !e) /* without memory for that it hears of it at once */
        w->call.done(w->call.data, result, NULL);
    waiting_free(w);
}

/* ---- time ---- */

static struct approval told(const struct waiting *w);

void waiting_announce(const struct waiting *w, bool soon)
{
    struct approval one = told(w);
    if (w->of->o.tell)
        w->of->o.tell(w->of->o.data, &one, soon);
}

/* An hour before the end, or a quarter of the time where that is shorter. */
static int64_t warn_at(const struct waiting *w)
{
    int64_t quarter = (w->expires - w->since) / 4, hour = 3600 * CLOCK_SECOND;
    return w->expires - (quarter < hour ? quarter : hour);
}

void waiting_watch(struct waiting *w)
{
    w->warned = clock_now(w->of->o.clock) >= warn_at(w);
    alarm_set(w->of->o.alarms, &w->alarm, w->warned ? w->expires : warn_at(w));
}

static void rang(struct alarm *alarm, int64_t now)
{
    struct waiting *w = alarm->data;
    struct approvals *a = w->of;
    char run[24], when[32];
    snprintf(run, sizeof run, "%" PRId64, w->run);
    clock_format(w->expires, false, when);
    if (w->under_way || *w->approved_by)
        return;
    if (now < w->expires) {
        w->warned = true;
        log_event(a->o.log, LOG_WARN, "a run still waits for approval, and its plan expires soon",
                  LOG_FIELDS({"policy", w->policy}, WAITING_LOG_CLUSTER(w), LOG_JSON_FIELD("run", run),
                             {"expires_at", when},
                             {"cure", "mpijobd approve decides it, mpijobd extend gives it more time"}));
        waiting_announce(w, true);
        alarm_set(a->o.alarms, &w->alarm, w->expires);
        return;
    }
    log_event(
        a->o.log, LOG_WARN, "nobody has approved the plan of a run, and it has expired",
        LOG_FIELDS({"policy", w->policy}, WAITING_LOG_CLUSTER(w), LOG_JSON_FIELD("run", run), {"expires_at", when}));
    waiting_end(w, "expired", "nobody has approved it in time", NULL);
}

/* ---- the list ---- */

static void propose(void *approvals, const struct run *run, struct plan *plan,
                    void (*kept)(void *kept_data, const struct error *err), void *data);
static bool waits(void *approvals, const char *policy, const char *cluster, const char *uid,
                  struct runs_waiting *found);

static void collect(void *data)
{
    const struct approvals *a = data;
    const struct waiting *w;
    metric_clear(a->count);
    metric_clear(a->soon);
    DL_FOREACH(a->list, w)
    {
        metric_set(a->count, 0, METRIC_VALUES(w->policy));
        metric_set(a->soon, 0, METRIC_VALUES(w->policy));
    }
    DL_FOREACH(a->list, w)
    {
        metric_add(a->count, 1, METRIC_VALUES(w->policy));
        metric_add(a->soon, w->warned, METRIC_VALUES(w->policy));
    }
}

int approvals_open(const struct approvals_options *options, struct approvals **out, struct error *err)
{
    static const char *const by_policy[] = {"policy", NULL};
    struct approvals *a = calloc(1, sizeof *a);
    if (!a)
        return error_nomem(err);
    a->o = *options;
    a->hook = (struct runs_approval){propose, waits, a};
    a->count = metrics_gauge(a->o.metrics, "runs_waiting", NULL, "Runs that wait for a person's approval.", by_policy);
    a->soon = metrics_gauge(a->o.metrics, "runs_waiting_expire_soon", NULL,
                            "Those of them whose plan expires soon; the log has warned of each.", by_policy);
    int rc = a->o.metrics ? metrics_collector(a->o.metrics, collect, a, err) : 0;
    if (!rc)
        rc = options->later ? gone_read(a, err) : waiting_read(a, options->state, err);
    if (rc) {
        approvals_close(a);
        return rc;
    }
    *out = a;
    return 0;
}

int approvals_read(struct approvals *a, struct state *state, struct error *err)
{
    int rc = a ? waiting_read(a, state, err) : 0;
    return rc || !a ? rc : gone_decided(a, state, err);
}

void approvals_forget(struct approvals *a, const struct shard *shard)
{
    struct waiting *w, *next;
    DL_FOREACH_SAFE(a ? a->list : NULL, w, next)
    {
        if (w->kept || w->gone || !shard_has_run(shard, w->run))
            continue;
        gone_add(a, w);
        w->gone = w->under_way;
        if (!w->gone)
            waiting_free(w);
    }
}

void approvals_stop(struct approvals *a)
{
    struct waiting *w;
    DL_FOREACH(a ? a->list : NULL, w)
    {
        alarm_stop(a->o.alarms, &w->alarm);
    }
}

void approvals_close(struct approvals *a)
{
    if (a && a->o.metrics)
        metrics_collector_remove(a->o.metrics, a);
    while (a && a->list)
        waiting_free(a->list);
    if (a)
        free(a->gone.runs);
    free(a);
}

struct waiting *waiting_find(const struct approvals *a, int64_t run, struct error *err)
{
    struct waiting *w;
    DL_FOREACH(a ? a->list : NULL, w)
    {
        if (w->run == run && !w->kept)
            return w;
    }
    error_set(err, ERR_NOT_FOUND, "no run %" PRId64 " waits for approval; mpijobd approve lists those that do", run);
    return NULL;
}

static struct approval told(const struct waiting *w)
{
    return (struct approval){.run = w->run,
                             .policy = w->policy,
                             .cluster = w->cluster,
                             .since = w->since,
                             .expires = w->expires,
                             .asked_by = w->asked_by,
                             .approved_by = w->approved_by,
                             .given = w->given,
                             .given_count = w->given_count,
                             .quorum = approvers_quorum(w->of->o.approvers, w->quorum),
                             .undoes = w->undoes,
                             .plan = &w->plan};
}

void approvals_each(const struct approvals *a, void (*visit)(void *data, const struct approval *approval), void *data)
{
    struct waiting *w;
    DL_FOREACH(a ? a->list : NULL, w)
    {
        struct approval one = told(w);
        if (!w->kept && !w->gone)
            visit(data, &one);
    }
}

bool approvals_find(const struct approvals *a, int64_t run, struct approval *found, struct error *err)
{
    const struct waiting *w = waiting_find(a, run, err);
    if (w)
        *found = told(w);
    return w != NULL;
}

/* ---- a run proposes ---- */

static void is_kept(void *data, int64_t id, const struct error *err)
{
    struct waiting *w = data;
    void (*kept)(void *, const struct error *) = w->kept;
    void *kept_data = w->kept_data;
    (void)id;
    w->kept = NULL;
    if (err) {
        waiting_free(w);
    } else {
        waiting_watch(w);
        waiting_announce(w, false);
    }
    kept(kept_data, err);
}

static void propose(void *approvals, const struct run *run, struct plan *plan,
                    void (*kept)(void *kept_data, const struct error *err), void *data)
{
    struct approvals *a = approvals;
    struct cluster *cluster = run->site->cluster;
    const struct plan head = {.by = run->policy->name,
                              .cluster = cluster_name(cluster),
                              .server = cluster_server(cluster),
                              .made_at = clock_now(a->o.clock)};
    struct error err;
    plan_set_head(plan, &head);
    bool failed = plan->failed;
    struct waiting *w = waiting_new(a, run->id, run->site->state, run->policy->name, cluster_name(cluster), plan);
    if (w && failed)
        waiting_free(w);
    if (!w || failed) {
        error_nomem(&err);
        kept(data, &err);
        return;
    }
    w->since = head.made_at;
    w->expires = head.made_at + run->policy->approval_expires;
    w->quorum = run->policy->approval_quorum;
    w->asked_uid = *run->asked_by ? run->asked_uid : -1;
    snprintf(w->asked_by, sizeof w->asked_by, "%s", run->asked_by);
    w->trace = run->trace;
    w->unchanged = run->unchanged;
    w->failed = run->failed;
    w->kept = kept;
    w->kept_data = data;
    waiting_write(w, is_kept, w);
}

static bool waits(void *approvals, const char *policy, const char *cluster, const char *uid, struct runs_waiting *found)
{
    const struct approvals *a = approvals;
    struct waiting *w;
    DL_FOREACH(a->list, w)
    {
        if (strcmp(w->policy, policy) != 0 || strcmp(w->cluster, cluster) != 0 || !w->uid_count ||
            !bsearch(&uid, w->uids, w->uid_count, sizeof *w->uids, by_text))
            continue;
        if (found)
            *found = (struct runs_waiting){w->run, w->since, w->expires, w->given_count,
                                           approvers_quorum(a->o.approvers, w->quorum)};
        return true;
    }
    return false;
}

const struct approvers *approvals_approvers(const struct approvals *a)
{
    return a ? a->o.approvers : NULL;
}

const struct runs_approval *approvals_hook(const struct approvals *a)
{
    return a ? &a->hook : NULL;
}
