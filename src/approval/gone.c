/* SPDX-License-Identifier: Apache-2.0 */
/* Where several daemons share what waits, one has it at a time, and each a journal of its own. A run that has waited
 * here and is another's to see to has the outcome "moved" here. Who decides it keeps that beside what waits, for a
 * while: so this journal gets it when its daemon has the state again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approval/approval_parts.h"
#include "base/grown.h"
#include "store/journal.h"
#include "store/kept.h"
#include "store/state.h"

#define SPACE "decided"
#define KEPT_FOR (INT64_C(30) * 86400 * CLOCK_SECOND)
#define MOVED "moved"

static void write_row(const struct approvals *a, const struct gone_run *gone, const char *outcome, const char *message)
{
    const struct store_run row = {.id = gone->run,
                                  .ended_at = clock_now(a->o.clock),
                                  .outcome = outcome,
                                  .message = message,
                                  .unchanged = gone->unchanged,
                                  .failed = gone->failed};
    journal_run_end(a->o.journal, &row, NULL, NULL);
}

/* Without memory for it the row stays as it is then. */
static bool add(struct approvals *a, const struct gone_run *gone)
{
    struct gone_runs *g = &a->gone;
    struct gone_run *runs = grown(g->runs, g->count, &g->cap, sizeof *runs, 8);
    if (!runs)
        return false;
    g->runs = runs;
    g->runs[g->count++] = *gone;
    return true;
}

static void move(struct approvals *a, const struct gone_run *gone)
{
    if (add(a, gone))
        write_row(a, gone, MOVED, "it waits with the daemon that acts for its jobs now, or was decided there");
}

/* ---- runs that go and come ---- */

void gone_add(struct approvals *a, const struct waiting *w)
{
    if (a->o.later)
        move(a, &(struct gone_run){w->run, w->unchanged, w->failed});
}

/* Its daemon may have died before more was known of it than its plan; else the journal has it by now. */
static void adopt(const struct waiting *w)
{
    const struct store_run row = {.id = w->run,
                                  .policy = w->policy,
                                  .cluster = w->cluster,
                                  .trigger = w->undoes ? "undo" : "",
                                  .started_at = w->since,
                                  .ended_at = w->since,
                                  .outcome = "waiting",
                                  .message = "taken over from another daemon",
                                  .who = *w->asked_by ? w->asked_by : NULL,
                                  .who_uid = w->asked_uid};
    if (w->of->o.later)
        journal_run_adopt(w->of->o.journal, &row, NULL, NULL);
}

void gone_is_back(struct approvals *a, const struct waiting *w)
{
    struct gone_runs *g = &a->gone;
    for (size_t i = 0; i < g->count; i++) {
        if (g->runs[i].run != w->run)
            continue;
        write_row(a, &g->runs[i], "waiting", "it waits here again");
        g->runs[i] = g->runs[--g->count];
        return;
    }
    adopt(w);
}

/* ---- what was decided ---- */

void gone_tell(const struct waiting *w, const char *outcome, const char *message)
{
    struct buf value = BUF_INIT;
    char key[24];
    if (!w->of->o.later)
        return;
    snprintf(key, sizeof key, "%" PRId64, w->run);
    buf_printf(&value, "%s\n%s", outcome, message);
    struct store_kept row = {SPACE, key, value.failed ? "" : value.ptr, clock_now(w->of->o.clock) + KEPT_FOR};
    if (!value.failed)
        state_keep(w->state, &row, true, NULL, NULL);
    buf_free(&value);
}

struct reading {
    struct approvals *a;
    struct state *state;
    int64_t now;
};

static bool read_decided(void *data, const struct store_kept *row)
{
    const struct reading *r = data;
    struct gone_runs *g = &r->a->gone;
    const char *message = strchr(row->value, '\n');
    int64_t run = strtoll(row->key, NULL, 10);
    char outcome[32];
    if (row->expires_at < r->now)
        state_keep(r->state, &(struct store_kept){.space = SPACE, .key = row->key}, true, NULL, NULL);
    for (size_t i = 0; message && i < g->count; i++) {
        if (g->runs[i].run != run)
            continue;
        snprintf(outcome, sizeof outcome, "%.*s", (int)(message - row->value), row->value);
        write_row(r->a, &g->runs[i], outcome, message + 1);
        g->runs[i] = g->runs[--g->count];
        break;
    }
    return true;
}

int gone_decided(struct approvals *a, struct state *state, struct error *err)
{
    struct reading r = {a, state, clock_now(a->o.clock)};
    return a->o.later ? state_read_kept(state, SPACE, read_decided, &r, err) : 0;
}

/* ---- the start ---- */

static bool read_waiting(void *data, const struct store_run *run)
{
    move(data, &(struct gone_run){run->id, run->unchanged, run->failed});
    return true;
}

static bool read_moved(void *data, const struct store_run *run)
{
    return add(data, &(struct gone_run){run->id, run->unchanged, run->failed});
}

/* A plan was being made: who sees to it now makes the rest in a run of its own. */
static bool read_making(void *data, const struct store_run *run)
{
    struct approvals *a = data;
    const struct store_run row = {.id = run->id,
                                  .ended_at = clock_now(a->o.clock),
                                  .outcome = "interrupted",
                                  .message = "the daemon ended before the run did; who acts for its jobs now makes the "
                                             "rest of the plan",
                                  .changed = -1};
    if (strncmp(run->trigger, "approved", 8) == 0)
        journal_run_end(a->o.journal, &row, NULL, NULL);
    return true;
}

int gone_read(struct approvals *a, struct error *err)
{
    const struct store_filter moved = {.outcome = MOVED}, waiting = {.outcome = "waiting"}, any = {0};
    int rc = journal_read_runs(a->o.journal, &moved, false, read_moved, a, err);
    if (!rc)
        rc = journal_read_runs(a->o.journal, &waiting, false, read_waiting, a, err);
    return rc ? rc : journal_read_runs(a->o.journal, &any, true, read_making, a, err);
}
