/* SPDX-License-Identifier: Apache-2.0 */
/* A run waits longer: a person says so, which is a row of its own as every decision is. */
#include <inttypes.h>
#include <stdio.h>

#include "approval/approval_parts.h"

static void kept(void *data, int64_t id, const struct error *err)
{
    struct waiting *w = data;
    char message[96], run[24], until[32];
    (void)id;
    if (err) {
        w->expires = w->expired;
        waiting_tell(w, NULL, err);
        return;
    }
    clock_format(w->expires, false, until);
    snprintf(run, sizeof run, "%" PRId64, w->run);
    snprintf(message, sizeof message, "extends run %s until %s", run, until);
    waiting_write_decision(w, "extend", message);
    log_event(w->of->o.log, LOG_INFO, "the plan of a run expires later",
              LOG_FIELDS({"policy", w->policy}, WAITING_LOG_CLUSTER(w), LOG_JSON_FIELD("run", run),
                         {"by", w->call.who.name}, {"expires_at", until}));
    waiting_tell(w, &(struct approval_result){.expires = w->expires}, NULL);
}

int approvals_extend(struct approvals *a, const struct approval_call *call, int64_t by, struct error *err)
{
    char most[32];
    int64_t last = clock_now(a ? a->o.clock : NULL) + APPROVAL_EXTENDS_MOST;
    struct waiting *w = waiting_find(a, call->run, err);
    if (!w)
        return err->code;
    if (by < CLOCK_SECOND || by > APPROVAL_EXTENDS_MOST || w->expires + by > last) {
        clock_format(last, false, most);
        return error_set(err, ERR_INVALID,
                         "a run is extended by 1s or more, and may wait until %s at most: 30 days from now", most);
    }
    if (*w->approved_by)
        return error_set(err, ERR_CONFLICT, "run %" PRId64 " is decided already, by %s", w->run, w->approved_by);
    if (!waiting_decide(a, call, err))
        return err->code;
    w->expired = w->expires;
    w->expires += by;
    waiting_write(w, kept, w);
    return 0;
}
