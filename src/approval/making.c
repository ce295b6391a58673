/* SPDX-License-Identifier: Apache-2.0 */
/* A run by hand that has a plan in place of a command. */
#include "approval/making.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "approval/approval_parts.h"
#include "base/texts.h"
#include "limit/hour_kept.h"
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
    int64_t aside; /* of the ceiling of an hour */
    char note[512];
};

/* ---- its end ---- */

static void set_aside(struct making *m, int64_t n)
{
    if (!n)
        return;
    hour_set_aside(m->site->hour, n);
    m->aside += n;
}

static void over_now(struct making *m)
{
    struct making_call call = m->call;
    struct site *site = m->site;
    bool failed = m->error.code != 0;
    set_aside(m, -m->aside);
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
    return m->work.cancelled            ? "cancelled"
           : m->error.code == ERR_LIMIT ? "limited"
           : !r->failed && !r->left     ? "done"
           : some                       ? "partial"
                                        : "failed";
}

static void end(struct defer *turn)
{
    struct making *m = turn->data;
    struct approval_result *r = &m->result;
    bool limited = m->error.code == ERR_LIMIT;
    const struct plan_item *first = approval_reckon(&m->work, r->run, r);
    char run[24];
    if (m->work.cancelled)
        error_set(&m->error, ERR_CANCELLED, "the daemon is being stopped");
    if (limited)
        snprintf(m->note, sizeof m->note, "%s: %.400s", m->call.message, m->error.message);
    else
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
              LOG_FIELDS({"policy", STORE_BY_HAND}, SITE_LOG_CLUSTER(m->site), LOG_JSON_FIELD("run", run),
                         {"by", m->call.who.name}, {"outcome", row.outcome}, {"does", m->note}));
    journal_run_end(m->site->journal, &row, end_is_written, m);
}

/* ---- the making ---- */

static void told(void *data, struct plan_item *item, const struct change_result *result, const struct error *err)
{
    struct making *m = data;
    bool counts = m->site->hour && result && (result->changed || result->unknown);
    if (counts)
        hour_count(m->site->hour, clock_now(m->site->clock), NULL);
    if (counts && m->aside)
        set_aside(m, -1);
    char run[24];
    snprintf(run, sizeof run, "%" PRId64, m->work.run);
    if (err)
        log_event(m->site->log, LOG_ERROR, "a change of a plan has failed",
                  LOG_FIELDS({"policy", STORE_BY_HAND}, SITE_LOG_CLUSTER(m->site), {"job", item->change->job},
                             {"reason", err->message}, LOG_JSON_FIELD("run", run)));
}

/* Approval does not lift the ceiling over all policies. */
static int check_ceiling(struct making *m)
{
    const struct hour *hour = m->site->hour;
    int64_t now = clock_now(m->site->clock), n = 0;
    char when[32];
    for (size_t i = 0; i < m->call.plan->change_count; i++)
        n += m->work.items[i].state == PLAN_FITS;
    if (!hour || (n > hour_left(hour, now) && m->call.override))
        return 0;
    if (n <= hour_left(hour, now)) {
        set_aside(m, n);
        return 0;
    }
    int64_t at = hour_fits(hour, n, now);
    if (at == INT64_MAX)
        return error_set(&m->error, ERR_LIMIT,
                         "%" PRId64 " changes would be made, and limits.changes_per_hour of the configuration%s is "
                         "%" PRId64 ": nothing was changed. Raise the ceiling, or undo it job by job",
                         n, hour_part_words(hour), hour->most);
    clock_format(at, false, when);
    return error_set(&m->error, ERR_LIMIT,
                     "%" PRId64 " change%s would be made, and limits.changes_per_hour of the configuration%s leaves "
                     "%" PRId64 " of %" PRId64 " until %s: nothing was changed",
                     n, n == 1 ? "" : "s", hour_part_words(hour), hour_left(hour, now), hour->most, when);
}

static void over(void *data)
{
    struct making *m = data;
    if (m->work.making || m->work.cancelled || check_ceiling(m))
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

/* It takes turns with the policy whose changes it takes back. Without memory for that it goes as fast as it can. */
static void set_speed(struct making *m)
{
    const struct limit_speed *speed = &m->call.speed;
    const char *origin = or_empty(m->call.origin);
    struct runs_pace *pace = speed->gap ? runs_pace(m->call.runs, *origin ? origin : STORE_BY_HAND) : NULL;
    m->work.concurrency = speed->concurrency;
    m->work.gap = speed->gap;
    m->work.rate = pace ? &pace->rate : NULL;
}

int making_start(const struct making_call *call, struct error *err)
{
    struct site *site = call->runs->site;
    struct making *m = calloc(1, sizeof *m);
    if (!m)
        return error_nomem(err);
    m->call = *call;
    m->texts = TEXTS_COPY({&m->call.message, call->message}, {&m->call.origin, call->origin});
    if (!m->texts) {
        free(m);
        return error_nomem(err);
    }
    m->site = site;
    m->guest.stop = stop;
    m->turn = (struct defer){.call = end, .data = m};
    m->work = (struct plan_work){.site = site, .plan = call->plan, .told = told, .over = over, .data = m};
    set_speed(m);
    int64_t now = clock_now(site->clock);
    const struct store_run row = {.policy = STORE_BY_HAND,
                                  .cluster = cluster_name(site->cluster),
                                  .trigger = call->trigger,
                                  .scheduled_at = now,
                                  .started_at = now,
                                  .who = m->call.who.name,
                                  .who_uid = m->call.who.uid,
                                  .parts = site->shard.of,
                                  .part = site->shard.index};
    site_opened(site);
    runs_invite(call->runs, &m->guest);
    state_run_begin(site->state, &row, begun, m);
    return 0;
}
