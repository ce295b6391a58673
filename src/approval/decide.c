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
    if (call.done)
        call.done(call.data, result, err);
}

/* The decision is a run of its own, which is over at once. */
static void write_decision(const struct waiting *w, const char *trigger, const char *message)
{
    struct journal *journal = w->of->o.journal;
    int64_t now = clock_now(w->of->o.clock);
    struct store_run row = {.policy = w->policy,
                            .cluster = w->cluster,
                            .trigger = trigger,
                            .scheduled_at = now,
                            .started_at = now,
                            .who = w->call.who,
                            .who_uid = w->call.uid};
    row.id = journal_run_begin_soon(journal, &row, NULL, NULL);
    row.ended_at = now;
    row.outcome = "done";
    row.message = message;
    journal_run_end(journal, &row, NULL, NULL);
}

static void approved(void *data, int64_t id, const struct error *err)
{
    struct waiting *w = data;
    struct error own;
    char message[96], run[24];
    (void)id;
    if (err) {
        w->approved_by[0] = '\0';
        waiting_tell(w, NULL, err);
        return;
    }
    snprintf(run, sizeof run, "%" PRId64, w->run);
    snprintf(message, sizeof message, "approves run %s", run);
    write_decision(w, "approve", message);
    log_event(w->of->o.log, LOG_INFO, "the plan of a run is approved",
              LOG_FIELDS({"policy", w->policy}, LOG_JSON_FIELD("run", run), {"by", w->call.who}));
    if (waiting_execute(w, &own))
        waiting_tell(w, NULL, &own);
}

static struct waiting *decide(struct approvals *a, const struct approval_call *call, struct error *err)
{
    struct waiting *w = waiting_find(a, call->run, err);
    if (w && w->under_way) { /* one that was approved and could not be made may be decided again */
        error_set(err, ERR_CONFLICT, "run %" PRId64 " is decided already, by %s", w->run,
                  *w->approved_by ? w->approved_by : "another person");
        return NULL;
    }
    if (!w)
        return NULL;
    w->call = *call;
    w->under_way = true;
    return w;
}

int approvals_approve(struct approvals *a, const struct approval_call *call, struct error *err)
{
    struct approval_place at;
    struct waiting *w = waiting_find(a, call->run, err);
    if (!w || a->o.place(a->o.data, w->policy, w->cluster, &at, err) || !decide(a, call, err))
        return err->code;
    w->place = at;
    snprintf(w->approved_by, sizeof w->approved_by, "%s", call->who);
    w->approved_uid = call->uid;
    waiting_write(w, approved, w);
    return 0;
}

int approvals_reject(struct approvals *a, const struct approval_call *call, struct error *err)
{
    char message[ERROR_MESSAGE_MAX], row[64], run[24];
    struct waiting *w = decide(a, call, err);
    if (!w)
        return err->code;
    snprintf(run, sizeof run, "%" PRId64, w->run);
    snprintf(row, sizeof row, "rejects run %s", run);
    snprintf(message, sizeof message, "rejected by %s%s%s", call->who, call->reason ? ": " : "",
             or_empty(call->reason));
    write_decision(w, "reject", row);
    log_event(
        a->o.log, LOG_INFO, "the plan of a run is rejected",
        LOG_FIELDS({"policy", w->policy}, LOG_JSON_FIELD("run", run), {"by", call->who}, {"reason", call->reason}));
    waiting_end(w, "rejected", message, NULL);
    return 0;
}

void approvals_resume(struct approvals *a, const char *cluster)
{
    struct waiting *w, *next;
    DL_FOREACH_SAFE(a ? a->list : NULL, w, next)
    {
        struct error err;
        if (w->under_way || !*w->approved_by || strcmp(w->cluster, cluster) != 0 ||
            a->o.place(a->o.data, w->policy, cluster, &w->place, &err))
            continue;
        w->call = (struct approval_call){.run = w->run, .who = w->approved_by, .uid = w->approved_uid};
        w->under_way = true;
        if (waiting_execute(w, &err))
            waiting_tell(w, NULL, &err);
    }
}
