/* SPDX-License-Identifier: Apache-2.0 */
/* An approved plan is made: by a run that has the plan in place of a script; that of an undo by a run by hand. What has
 * moved since is left, and named. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "approval/approval_parts.h"
#include "approval/making.h"
#include "loop/defer.h"
#include "plan/plan_work.h"
#include "run/run_change.h"
#include "store/journal.h"

struct execution {
    struct waiting *waiting;
    struct run *run;
    struct plan_work work;
    struct defer turn; /* the run may not end from within one of its changes */
    struct runs_guest guest;
    struct approval_result result;
    bool begun;
};

/* ---- the making ---- */

static int start(void *data, struct change_call *call, struct error *err)
{
    struct execution *x = data;
    struct run_change *change;
    return run_change_start(x->run, call, &change, err);
}

static void told(void *data, struct plan_item *item, const struct change_result *result, const struct error *err)
{
    (void)data; /* the run counts it, and logs it */
    (void)item;
    (void)result;
    (void)err;
}

static void reckon(struct execution *x)
{
    struct approval_result *r = &x->result;
    char about[64];
    snprintf(about, sizeof about, "makes the plan of run %" PRId64, x->waiting->run);
    const struct plan_item *first = approval_reckon(&x->work, x->waiting->run, r);
    x->run->unchanged += r->left + r->already;
    if (first)
        snprintf(x->run->note, sizeof x->run->note, "%s; %" PRId64 " left: %s (%s)%s", about, r->left,
                 first->change->job, first->moved.ptr ? first->moved.ptr : "out of memory", r->left > 1 ? "..." : "");
    else
        snprintf(x->run->note, sizeof x->run->note, "%s", about);
}

static void end(struct defer *turn)
{
    struct execution *x = turn->data;
    run_host_end(x->run);
}

static void over(void *data)
{
    struct execution *x = data;
    if (x->work.making || x->work.cancelled) {
        reckon(x);
        defer_call(x->run->site->soon, &x->turn);
    } else {
        plan_work_make(&x->work);
    }
}

static void begun(void *data, struct run *run)
{
    struct execution *x = data;
    struct error err;
    x->run = run;
    x->begun = true;
    x->result.run = run->id;
    x->work = (struct plan_work){.site = run->site,
                                 .plan = &x->waiting->plan,
                                 .run = run->id,
                                 .concurrency = run->policy->concurrency,
                                 .start = start,
                                 .told = told,
                                 .over = over,
                                 .data = x};
    if (plan_work_begin(&x->work, &err)) {
        run_fail(run, RUN_FAILED, &err);
        defer_call(run->site->soon, &x->turn);
        return;
    }
    plan_work_look(&x->work);
}

/* ---- the run ---- */

static const char *trigger_of(const struct waiting *w)
{
    return w->call.overrides ? "approved-override" : "approved";
}

static void stop(struct runs_guest *guest)
{
    struct execution *x = (struct execution *)((char *)guest - offsetof(struct execution, guest));
    if (x->begun)
        plan_work_cancel(&x->work);
}

static void ended(void *data, struct run *run)
{
    struct execution *x = data;
    struct waiting *w = x->waiting;
    struct error err;
    char message[ERROR_MESSAGE_MAX], who[256];
    bool whole = run->outcome == RUN_DONE;
    if (!whole) {
        err = *run->error;
        error_prefix(&err, "the plan of run %" PRId64 " is approved, and was not made", w->run);
    }
    runs_part(run->runs, &x->guest);
    site_closed(run->site);
    plan_work_free(&x->work);
    struct approval_result result = x->result;
    free(x);
    if (!whole) { /* the next start makes the rest */
        waiting_tell(w, NULL, &err);
        return;
    }
    snprintf(message, sizeof message, "approved by %s: run %" PRId64, waiting_approvers(w, who, sizeof who),
             result.run);
    waiting_end(w, "approved", message, &result);
}

/* ---- of a plan that is no policy's ---- */

static void made_by_hand(void *data, const struct approval_result *result, const struct error *err)
{
    struct waiting *w = data;
    char message[ERROR_MESSAGE_MAX], who[256];
    struct error told;
    if (err) { /* the next start makes the rest */
        told = *err;
        error_prefix(&told, "the plan of run %" PRId64 " is approved, and was not made", w->run);
        waiting_tell(w, NULL, &told);
        return;
    }
    snprintf(message, sizeof message, "approved by %s: run %" PRId64, waiting_approvers(w, who, sizeof who),
             result->run);
    waiting_end(w, "approved", message, result);
}

static int execute_by_hand(struct waiting *w, struct error *err)
{
    char message[512];
    bool known = *w->origin;
    snprintf(message, sizeof message, "makes the plan of run %" PRId64 ", which takes back run %" PRId64 "%s%s%s",
             w->run, w->undoes, known ? STORE_TAKES_BACK_OF : "", w->origin, known ? ")" : "");
    struct making_call call = {.runs = w->place.runs,
                               .plan = &w->plan,
                               .trigger = trigger_of(w),
                               .message = message,
                               .who.uid = w->approved_uid,
                               .origin = w->origin,
                               .speed = w->place.speed,
                               .done = made_by_hand,
                               .data = w};
    snprintf(call.who.name, sizeof call.who.name, "%s", w->approved_by);
    return making_start(&call, err);
}

int waiting_execute(struct waiting *w, struct error *err)
{
    static const struct run_host host = {begun};
    struct runs *runs = w->place.runs;
    if (!w->place.policy)
        return execute_by_hand(w, err);
    struct execution *x = calloc(1, sizeof *x);
    if (!x)
        return error_nomem(err);
    *x = (struct execution){.waiting = w, .guest = {.stop = stop}, .turn = {.call = end}};
    x->turn.data = x;
    struct run_call call = {.file = w->place.file,
                            .policy = w->place.policy,
                            .trigger = trigger_of(w),
                            .scheduled_at = clock_now(w->of->o.clock),
                            .asked_by = w->approved_by,
                            .asked_uid = w->approved_uid,
                            .traceparent = w->trace.text,
                            .host = &host,
                            .approved = w->run,
                            .done = ended,
                            .data = x};
    site_opened(runs->site);
    runs_invite(runs, &x->guest);
    int rc = run_start(runs, &call, &x->run, err);
    if (rc) {
        runs_part(runs, &x->guest);
        site_closed(runs->site);
        free(x);
    }
    return rc;
}
