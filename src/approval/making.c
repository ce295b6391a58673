/* SPDX-License-Identifier: Apache-2.0 */
/* A run by hand that has a plan in place of a command. */
#include "approval/making.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "approval/approval_parts.h"
#include "base/texts.h"
#include "limit/hour.h"
#include "loop/defer.h"
#include "plan/plan_work.h"
#include "store/journal.h"
#include "store/state.h"

struct making {
    struct making_call call;
    void *texts;
    struct site *site;
    struct runs_guest guest;
    struct plan_work work;
    struct defer turn; /* it may not end from within one of its changes */
    struct approval_result result;
    struct error error;
    char note[256];
};

/* ---- its end ---- */

static void over_now(struct making *m)
{
    struct making_call call = m->call;
    struct site *site = m->site;
    bool failed = m->error.code != 0;
    runs_part(call.runs, &m->guest);
    plan_work_free(&m->work);
    call.done(call.data, &m->result, failed ? &m->error : NULL);
    free(m->texts);
    free(m);
    site_closed(site);
}

static void end_is_written(void *data, int64_t id, const struct error *err)
{
    struct making *m = data;
    (void)id;
    if (err && !m->error.code)
        m->error = *err;
    over_now(m);
}

static const char *outcome(const struct making *m)
{
    const struct approval_result *r = &m->result;
    bool some = r->changed || r->already;
    return m->work.cancelled ? "cancelled" : !r->failed && !r->left ? "done" : some ? "partial" : "failed";
}

static void end(struct defer *turn)
{
    struct making *m = turn->data;
    struct approval_result *r = &m->result;
    const struct plan_item *first = approval_reckon(&m->work, r->run, r);
    char run[24];
    if (m->work.cancelled)
        error_set(&m->error, ERR_CANCELLED, "the daemon is being stopped");
    snprintf(m->note, sizeof m->note, "%s%s%s%s", m->call.message, first ? "; left: " : "",
             first ? first->change->job : "", r->left > 1 ? "..." : "");
    struct store_run row = {.id = r->run,
                            .ended_at = clock_now(m->site->clock),
                            .outcome = outcome(m),
                            .message = m->note,
                            .changed = r->changed,
                            .unchanged = r->already + r->left,
                            .failed = r->failed};
    snprintf(run, sizeof run, "%" PRId64, r->run);
    log_event(m->site->log, LOG_INFO, "a run by hand has ended",
              LOG_FIELDS({"cluster", m->site->told}, LOG_JSON_FIELD("run", run), {"by", m->call.who.name},
                         {"outcome", row.outcome}, {"does", m->note}));
    journal_run_end(m->site->journal, &row, end_is_written, m);
}

/* ---- the making ---- */

static void told(void *data, struct plan_item *item, const struct change_result *result, const struct error *err)
{
    struct making *m = data;
    if (m->site->hour && result && (result->changed || result->unknown))
        hour_count(m->site->hour, clock_now(m->site->clock), NULL);
    if (err)
        log_event(m->site->log, LOG_ERROR, "a change of a plan has failed",
                  LOG_FIELDS({"cluster", m->site->told}, {"job", item->change->job}, {"reason", err->message}));
}

static void over(void *data)
{
    struct making *m = data;
    if (m->work.making || m->work.cancelled)
        defer_call(m->site->soon, &m->turn);
    else
        plan_work_make(&m->work);
}

static void begun(void *data, int64_t run, const struct error *err)
{
    struct making *m = data;
    if (!err && plan_work_begin(&m->work, &m->error) == 0) {
        m->result.run = m->work.run = run;
        plan_work_look(&m->work);
        return;
    }
    if (err)
        m->error = *err;
    over_now(m);
}

static void stop(struct runs_guest *guest)
{
    struct making *m = (struct making *)((char *)guest - offsetof(struct making, guest));
    plan_work_cancel(&m->work);
}

int making_start(const struct making_call *call, struct error *err)
{
    struct site *site = call->runs->site;
    struct making *m = calloc(1, sizeof *m);
    if (!m)
        return error_nomem(err);
    m->call = *call;
    m->texts = TEXTS_COPY({&m->call.message, call->message});
    if (!m->texts) {
        free(m);
        return error_nomem(err);
    }
    m->site = site;
    m->guest.stop = stop;
    m->turn = (struct defer){.call = end, .data = m};
    m->work = (struct plan_work){.site = site, .plan = call->plan, .told = told, .over = over, .data = m};
    int64_t now = clock_now(site->clock);
    const struct store_run row = {.policy = STORE_BY_HAND,
                                  .cluster = cluster_name(site->cluster),
                                  .trigger = call->trigger,
                                  .scheduled_at = now,
                                  .started_at = now,
                                  .who = m->call.who.name,
                                  .who_uid = m->call.who.uid};
    site_opened(site);
    runs_invite(call->runs, &m->guest);
    state_run_begin(site->state, &row, begun, m);
    return 0;
}
