/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the changes of a plan. */
#include <inttypes.h>
#include <stdio.h>

#include "approval/approval_parts.h"

static void tell_left(const struct plan_work *work, int64_t number, const struct plan_item *item)
{
    char run[24];
    snprintf(run, sizeof run, "%" PRId64, number);
    log_event(work->site->log, LOG_WARN, "a change of an approved plan is left out",
              LOG_FIELDS({"policy", item->change->policy}, SITE_LOG_CLUSTER(work->site), LOG_JSON_FIELD("run", run),
                         {"job", item->change->job}, {"reason", item->moved.ptr}));
}

const struct plan_item *approval_reckon(const struct plan_work *work, int64_t run, struct approval_result *r)
{
    const struct plan_item *first = NULL;
    for (size_t i = 0; work->items && i < work->plan->change_count; i++) {
        const struct plan_item *item = &work->items[i];
        bool left = item->state == PLAN_MOVED || item->state == PLAN_FAILED;
        r->left += left;
        r->already += item->state == PLAN_DONE || (item->made && !item->changed && !item->failed);
        r->changed += item->made && item->changed && !item->failed;
        r->failed += item->made && item->failed;
        if (left)
            tell_left(work, run, item);
        if (left && !first)
            first = item;
    }
    return first;
}
