/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides on a run that waits, and how that is carried out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "approval/approval_parts.h"
#include "base/texts.h"
#include "store/journal.h"

void waiting_tell(struct waiting *w, const struct approval_result *result, const struct error *err)
{
    struct approval_call call = w->call;
    w->call = (struct approval_call){0};
    w->under_way = false;
    if (w->gone)
        waiting_free(w);
    else if (!*w->approved_by)
        waiting_watch(w); /* its alarm may have rung meanwhile */
    if (call.done)
        call.done(call.data, result, err);
}

void waiting_write_decision(const struct waiting *w, const char *trigger, const char *message)
{
    struct journal *journal = w->of->o.journal;
    int64_t now = clock_now(w->of->o.clock);
    struct store_run row = {.policy = w->policy,
                            .cluster = w->cluster,
                            .trigger = trigger,
                            .scheduled_at = now,
                            .started_at = now,
                            .who = w->call.who.name,
                            .who_uid = w->call.who.uid};
    row.id = journal_run_begin_soon(journal, &row, NULL, NULL);
    row.ended_at = now;
    row.outcome = "done";
    row.message = message;
    journal_run_end(journal, &row, NULL, NULL);
}

const char *waiting_approvers(const struct waiting *w, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    if (!w->given_count) /* its row is of an earlier version */
        snprintf(out, size, "%s", w->approved_by);
    for (size_t i = 0; i < w->given_count && len < size; i++)
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", w->given[i].by);
    return out;
}

static unsigned quorum(const struct waiting *w)
{
    return approvers_quorum(w->of->o.approvers, w->quorum);
}

/* What was decided is durable, and gets its row. */
static void tell_approval(const struct waiting *w)
{
    char message[96], run[24], counts[48];
    int n = snprintf(message, sizeof message, "approves run %" PRId64, w->run);
    snprintf(run, sizeof run, "%" PRId64, w->run);
    snprintf(counts, sizeof counts, "%zu of %u", w->given_count, quorum(w));
    if (quorum(w) > 1)
        snprintf(message + n, sizeof message - (size_t)n, " (%s)", counts);
    waiting_write_decision(w, "approve", message);
    log_event(w->of->o.log, LOG_INFO, "the plan of a run is approved",
              LOG_FIELDS({"policy", w->policy}, WAITING_LOG_CLUSTER(w), LOG_JSON_FIELD("run", run),
                         {"by", w->call.who.name}, {"approvals", quorum(w) > 1 ? counts : NULL}));
}

static void approved(void *data, int64_t id, const struct error *err)
{
    struct waiting *w = data;
    struct error own;
    (void)id;
    if (err) {
        w->approved_by[0] = '\0';
        w->given_count -= w->gives;
        waiting_tell(w, NULL, err);
        return;
    }
    tell_approval(w);
    if (!*w->approved_by) {
        waiting_tell(w, &(struct approval_result){.given = w->given_count, .quorum = quorum(w)}, NULL);
    } else if (waiting_execute(w, &own)) {
        waiting_tell(w, NULL, &own);
    }
}

struct waiting *waiting_decide(struct approvals *a, const struct approval_call *call, struct error *err)
{
    struct waiting *w = waiting_find(a, call->run, err);
    if (w && w->under_way) { /* one that was approved and could not be made may be decided again */
        error_set(err, ERR_CONFLICT,
                  *w->approved_by ? "run %" PRId64 " is decided already, by %s"
                                  : "run %" PRId64 " is being decided by %s; try again",
                  w->run, *w->approved_by ? w->approved_by : "another person");
        return NULL;
    }
    if (!w)
        return NULL;
    w->call = *call;
    w->under_way = true;
    return w;
}

static int check(const struct waiting *w, const struct approver *who, struct error *err)
{
    const struct approvers_case of = {.run = w->run,
                                      .asked_uid = w->asked_uid,
                                      .given = w->given,
                                      .given_count = *w->approved_by ? 0 : w->given_count,
                                      .quorum = quorum(w)};
    return approvers_check(w->of->o.approvers, who, &of, err);
}

/* One more person approves. Of a plan that was approved and could not be made, nothing is added. */
static void give(struct waiting *w, const struct approver *who)
{
    w->gives = !*w->approved_by && w->given_count < APPROVERS_QUORUM_MAX;
    if (w->gives) {
        struct approver_given *g = &w->given[w->given_count++];
        *g = (struct approver_given){.uid = who->uid, .at = clock_now(w->of->o.clock)};
        snprintf(g->by, sizeof g->by, "%s", who->name);
    }
    if (w->given_count < quorum(w) && !*w->approved_by)
        return;
    snprintf(w->approved_by, sizeof w->approved_by, "%s", who->name);
    w->approved_uid = who->uid;
}

int approvals_approve(struct approvals *a, const struct approval_call *call, struct error *err)
{
    struct approval_place at;
    struct waiting *w = waiting_find(a, call->run, err);
    if (!w || check(w, &call->who, err) || a->o.place(a->o.data, w->run, w->policy, w->origin, w->cluster, &at, err) ||
        !waiting_decide(a, call, err))
        return err->code;
    w->place = at;
    give(w, &call->who);
    waiting_write(w, approved, w);
    return 0;
}

int approvals_reject(struct approvals *a, const struct approval_call *call, struct error *err)
{
    char message[ERROR_MESSAGE_MAX], row[64], run[24];
    struct waiting *w = waiting_decide(a, call, err);
    if (!w)
        return err->code;
    snprintf(run, sizeof run, "%" PRId64, w->run);
    snprintf(row, sizeof row, "rejects run %s", run);
    snprintf(message, sizeof message, "rejected by %s%s%s", call->who.name, call->reason ? ": " : "",
             or_empty(call->reason));
    waiting_write_decision(w, "reject", row);
    log_event(a->o.log, LOG_INFO, "the plan of a run is rejected",
              LOG_FIELDS({"policy", w->policy}, WAITING_LOG_CLUSTER(w), LOG_JSON_FIELD("run", run),
                         {"by", call->who.name}, {"reason", call->reason}));
    waiting_end(w, "rejected", message, NULL);
    return 0;
}

void approvals_resume(struct approvals *a, const struct shard *shard, const char *cluster)
{
    struct waiting *w, *next;
    DL_FOREACH_SAFE(a ? a->list : NULL, w, next)
    {
        struct error err;
        if (w->under_way || !*w->approved_by || strcmp(w->cluster, cluster) != 0 || !shard_has_run(shard, w->run) ||
            a->o.place(a->o.data, w->run, w->policy, w->origin, cluster, &w->place, &err))
            continue;
        w->call = (struct approval_call){.run = w->run};
        w->under_way = true;
        if (waiting_execute(w, &err))
            waiting_tell(w, NULL, &err);
    }
}
