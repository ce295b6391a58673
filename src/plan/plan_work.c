/* SPDX-License-Identifier: Apache-2.0 */
/* Some changes of a plan at a time. */
#include "plan/plan_work.h"

#include <stdlib.h>
#include <string.h>

#define CONCURRENCY 8

int plan_work_begin(struct plan_work *w, struct error *err)
{
    size_t n = w->plan->change_count;
    w->items = calloc(n ? n : 1, sizeof *w->items);
    if (!w->items)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        w->items[i].change = &w->plan->changes[i];
        w->items[i].work = w;
    }
    return 0;
}

void plan_work_free(struct plan_work *w)
{
    for (size_t i = 0; w->items && i < w->plan->change_count; i++)
        buf_free(&w->items[i].moved);
    free(w->items);
    w->items = NULL;
}

/* ---- those that are made last ---- */

static bool stays(const struct plan_item *item)
{
    return item->state != PLAN_DONE && (!item->made || item->failed);
}

/* May it be made? The others of its job are known by its uid, its Workload by what that says. */
static bool may_follow(struct plan_item *item)
{
    const struct plan_work *w = item->work;
    const char *uid = item->change->object.uid;
    for (size_t i = 0; i < w->plan->change_count; i++) {
        const struct plan_item *other = &w->items[i];
        if (other->change->last || !stays(other) ||
            (strcmp(plan_main_write(other->change)->uid, uid) != 0 && strcmp(other->job_uid, uid) != 0))
            continue;
        item->state = PLAN_MOVED;
        item->stranded = true;
        buf_puts(&item->moved, "what comes before it was not made");
        return false;
    }
    return true;
}

/* ---- some at a time ---- */

static bool has_turn(struct plan_work *w, struct plan_item *item)
{
    if ((w->wanted && !w->wanted(w->data, item)) || w->cancelled)
        return false;
    if (!w->making)
        return true;
    return item->state == PLAN_FITS && item->change->last == w->last && (!w->last || may_follow(item));
}

static void begin_one(struct plan_work *w, struct plan_item *item)
{
    if (!has_turn(w, item)) {
        w->active--;
        return;
    }
    if (w->making)
        plan_make(item);
    else
        plan_look(item);
}

static void go_on(struct plan_work *w)
{
    unsigned most = w->concurrency ? w->concurrency : CONCURRENCY;
    while (w->active < most && w->at < w->plan->change_count) {
        w->active++;
        begin_one(w, &w->items[w->at++]);
    }
    if (w->active || w->at < w->plan->change_count)
        return;
    if (!w->making || w->last) {
        w->over(w->data);
        return;
    }
    w->last = true;
    w->at = 0;
    go_on(w);
}

void plan_work_next(struct plan_item *item)
{
    struct plan_work *w = item->work;
    w->active--;
    go_on(w);
}

static void begin(struct plan_work *w, bool making)
{
    w->at = 0;
    w->making = making;
    w->last = false;
    go_on(w);
}

void plan_work_look(struct plan_work *w)
{
    begin(w, false);
}

void plan_work_make(struct plan_work *w)
{
    begin(w, true);
}

void plan_work_cancel(struct plan_work *w)
{
    w->cancelled = true;
    for (size_t i = 0; w->items && i < w->plan->change_count; i++) {
        if (w->items[i].request)
            kube_cancel(w->items[i].request);
        if (w->items[i].pace.rate)
            plan_make_not(&w->items[i]);
    }
}
