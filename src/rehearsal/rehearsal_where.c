/* SPDX-License-Identifier: Apache-2.0 */
/* `where` is asked in runs that only count (run_feed.counted), one text of a policy after the other: each run has
 * REHEARSAL_SLICE of the jobs, so that the policy's budget is for so many. */
#include <stdlib.h>
#include <string.h>

#include "rehearsal/rehearsal_parts.h"

static struct rehearsal *of_listing(const struct listing *listing)
{
    return (struct rehearsal *)((char *)(uintptr_t)listing - offsetof(struct rehearsal, listing));
}

static const struct policy *policy_of(struct rehearsal *r)
{
    return rehearsal_side_at(r, r->side)->entry->policy;
}

/* ---- the jobs of a run ---- */

static enum listing_state next(struct listing *listing, struct str *object)
{
    struct rehearsal *r = of_listing(listing);
    struct mpijob_view view;
    uint32_t slot;
    while (r->looked < REHEARSAL_SLICE && cache_iter_next(&r->iter, &slot)) {
        r->looked++;
        r->looked_at++;
        if (cache_view(r->where_held->cache, slot, &r->bytes, &view, NULL) ||
            !mpijob_match_eval(policy_of(r)->match, &view, clock_now(r->o.clock), NULL))
            continue;
        *object = buf_str(&r->bytes);
        return LISTING_JOB;
    }
    return LISTING_END;
}

static const struct error *error(const struct listing *listing)
{
    (void)listing;
    return NULL;
}

static int64_t scope(const struct listing *listing)
{
    (void)listing;
    return 0;
}

static int64_t as_of(const struct listing *listing)
{
    struct rehearsal *r = of_listing(listing);
    return watches_as_of(r->where_held, policy_of(r)->match);
}

static void release(struct listing *listing)
{
    (void)listing; /* the rehearsal's own */
}

/* ---- what is told ---- */

static void counted(void *data, bool wanted, const char *message)
{
    struct rehearsal *r = data;
    struct rehearsal_side *side = rehearsal_side_at(r, r->side);
    side->count += wanted;
    side->failed += message != NULL;
    if (message && !side->error)
        side->error = str_dup(str_n(message, strcspn(message, "\n")));
}

static void settled(void *data, const char *key, enum job_end how, struct str seen, const struct change_result *result,
                    const struct error *err)
{
    (void)data;
    (void)key;
    (void)how;
    (void)seen;
    (void)result;
    (void)err;
}

/* ---- one text after the other ---- */

static void leave(struct rehearsal *r)
{
    if (r->iterating)
        cache_iter_end(&r->iter);
    r->iterating = false;
    if (r->where_held)
        watches_release(r->where_held);
    r->where_held = NULL;
}

static void next_side(struct rehearsal *r)
{
    r->side++;
    r->kind_at = 0;
}

static void give_up(struct rehearsal *r, struct rehearsal_side *side, const char *reason)
{
    side->reason = str_dup(str_n(reason, strcspn(reason, "\n")));
    side->unknown = side->reason ? side->reason : "out of memory";
    leave(r);
    next_side(r);
}

static void ended(void *data, const struct run *run)
{
    struct rehearsal *r = data;
    struct rehearsal_side *side = rehearsal_side_at(r, r->side);
    r->run = NULL;
    if (run->outcome != RUN_DONE) {
        if (!r->late && !r->cancelled)
            give_up(r, side, run->error ? run->error->message : "its run has failed");
    } else if (r->looked < REHEARSAL_SLICE) { /* these were the last jobs */
        leave(r);
        side->counted = ++r->kind_at == side->entry->policy->kinds.count;
        if (side->counted)
            next_side(r);
    }
    defer_call(r->o.soon, &r->turn); /* goes on when the run is gone */
}

static void done(void *data, struct run *run)
{
    (void)data;
    (void)run; /* its end comes to `ended` */
}

static void start(struct rehearsal *r, struct rehearsal_side *side)
{
    static const struct listing_ops ops = {next, error, scope, as_of, release};
    const struct rehearsal_place *at = r->items[r->side / 2].at;
    struct error err;
    const struct policy *p = side->entry->policy;
    if (!r->iterating) {
        r->where_held = watches_for(at->watches, p->kinds.of[r->kind_at].kind, p->match);
        if (!r->where_held) {
            give_up(r, side, "its jobs are not watched any more");
            return;
        }
        watches_hold(r->where_held);
        cache_iter_begin(r->where_held->cache, p->match, &r->iter);
        r->iterating = true;
    }
    r->looked = 0;
    r->listing.ops = &ops;
    r->feed = (struct run_feed){.jobs = &r->listing, .settled = settled, .key = "", .counted = counted, .data = r};
    runs_init(&r->runs, runs_look(at->runs), at->watches);
    r->runs.ended = ended;
    r->runs.data = r;
    struct run_call call = {.file = side->entry->file,
                            .policy = p,
                            .trigger = "rehearsal",
                            .scheduled_at = clock_now(r->o.clock),
                            .feed = &r->feed,
                            .done = done,
                            .data = r};
    if (run_start(&r->runs, &call, &r->run, &err))
        give_up(r, side, err.message);
}

bool rehearsal_where(struct rehearsal *r)
{
    for (; r->side < r->count * 2; next_side(r)) {
        struct rehearsal_side *side = rehearsal_side_at(r, r->side);
        if (side->entry && !side->unknown && policy_asks_where(side->entry->policy)) {
            start(r, side);
            return false;
        }
    }
    return true;
}

void rehearsal_where_end(struct rehearsal *r)
{
    leave(r);
}
