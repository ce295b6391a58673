/* SPDX-License-Identifier: Apache-2.0 */
/* A person wants a change that another has to approve: its run by hand begins, and waits with its plan as that of a
 * policy does. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "approval/approval_parts.h"
#include "base/texts.h"
#include "store/journal.h"
#include "store/state.h"

struct by_hand {
    struct approvals *of;
    struct plan plan;
    struct approval_proposal p;
    struct waiting *waiting;
    int64_t run, began_at, expires;
};

/* As it began, with a number of the shard that it is about. */
static struct store_run row_of(const struct by_hand *b)
{
    const struct site *site = b->p.site;
    return (struct store_run){.id = b->run,
                              .policy = STORE_BY_HAND,
                              .cluster = cluster_name(site->cluster),
                              .trigger = "undo",
                              .scheduled_at = b->began_at,
                              .started_at = b->began_at,
                              .who = b->p.who.name,
                              .who_uid = b->p.who.uid,
                              .parts = site->shard.of,
                              .part = site->shard.index};
}

static void end_run(struct by_hand *b, const char *outcome, const char *message, store_done done)
{
    struct store_run row = row_of(b);
    row.ended_at = clock_now(b->of->o.clock);
    row.outcome = outcome;
    row.message = message;
    row.unchanged = b->p.unchanged;
    row.failed = b->p.failed;
    state_run_end(b->p.site->state, &row, false, done, b);
}

static void finish(struct by_hand *b, int64_t expires, const struct error *err)
{
    struct approval_proposal p = b->p;
    int64_t run = b->run;
    plan_free(&b->plan);
    free(b);
    p.done(p.data, err ? 0 : run, expires, err);
}

static void fail(struct by_hand *b, const struct error *err)
{
    struct error told = *err;
    error_prefix(&told, "the plan that was to wait for approval could not be kept");
    if (b->run)
        end_run(b, err->code == ERR_LIMIT ? "limited" : "failed", told.message, NULL);
    finish(b, 0, &told);
}

/* Its row says that it waits: who asked may look. A row that could not be written is open, and the next start ends it;
 * the plan waits all the same. */
static void told(void *data, int64_t id, const struct error *err)
{
    struct by_hand *b = data;
    (void)id;
    (void)err;
    finish(b, b->expires, NULL);
}

static void kept(void *data, int64_t id, const struct error *err)
{
    struct by_hand *b = data;
    struct waiting *w = b->waiting;
    char counts[96], message[ERROR_MESSAGE_MAX];
    (void)id;
    w->kept = NULL;
    if (err) {
        struct error told = *err; /* it may be the waiting's own */
        waiting_free(w);
        fail(b, &told);
        return;
    }
    struct plan_counts n = plan_count(&w->plan);
    snprintf(message, sizeof message,
             "takes back run %" PRId64 ", waits for approval: %s; mpijobd approve %" PRId64 " --dry-run shows it",
             w->undoes, plan_counts_text(&n, counts), w->run);
    b->expires = w->expires;
    waiting_watch(w);
    waiting_announce(w, false);
    end_run(b, "waiting", message, told);
}

/* Of a waiting that is not known to others yet (waiting.kept). */
static void nobody(void *data, const struct error *err)
{
    (void)data;
    (void)err;
}

static void begun(void *data, int64_t run, const struct error *err)
{
    struct by_hand *b = data;
    const struct cluster *cluster = b->p.site->cluster;
    const struct plan head = {.by = STORE_BY_HAND,
                              .cluster = cluster_name(cluster),
                              .server = cluster_server(cluster),
                              .made_at = clock_now(b->of->o.clock)};
    struct error own;
    if (err) {
        finish(b, 0, err);
        return;
    }
    b->run = run;
    plan_set_head(&b->plan, &head);
    bool failed = b->plan.failed;
    struct waiting *w = b->waiting = waiting_new(b->of, run, b->p.site->state, STORE_BY_HAND, head.cluster, &b->plan);
    if (w && failed)
        waiting_free(w);
    if (!w || failed) {
        error_nomem(&own);
        fail(b, &own);
        return;
    }
    w->since = head.made_at;
    w->expires = head.made_at + b->p.expires;
    w->quorum = b->p.quorum;
    w->undoes = b->p.undoes;
    snprintf(w->origin, sizeof w->origin, "%s", or_empty(b->p.origin));
    w->asked_uid = b->p.who.uid;
    snprintf(w->asked_by, sizeof w->asked_by, "%s", b->p.who.name);
    w->unchanged = b->p.unchanged;
    w->failed = b->p.failed;
    w->kept = nobody;
    waiting_write(w, kept, b);
}

void approvals_propose(struct approvals *a, const struct approval_proposal *p)
{
    struct error err;
    struct by_hand *b = calloc(1, sizeof *b);
    if (!b) {
        plan_free(p->plan);
        error_nomem(&err);
        p->done(p->data, 0, 0, &err);
        return;
    }
    *b = (struct by_hand){.of = a, .plan = *p->plan, .p = *p};
    *p->plan = (struct plan){0};
    b->began_at = clock_now(a->o.clock);
    const struct store_run row = row_of(b);
    state_run_begin(p->site->state, &row, begun, b);
}
