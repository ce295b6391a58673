/* SPDX-License-Identifier: Apache-2.0 */
/* Some changes of a plan at a time. */
#include "plan/plan_work.h"

#include <stdlib.h>

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

static void begin_one(struct plan_work *w, struct plan_item *item)
{
    bool wanted = !w->wanted || w->wanted(w->data, item);
    if (!wanted || w->cancelled || (w->making && item->state != PLAN_FITS)) {
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
    if (!w->active && w->at >= w->plan->change_count)
        w->over(w->data);
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
