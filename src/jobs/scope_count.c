/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through a listing of a policy's jobs for the sake of its scope. */
#include "jobs/scope_count.h"

#include <stdlib.h>

#include "jobs/listing.h"
#include "loop/defer.h"
#include "policy/definition/definition.h"

struct scope_count {
    struct listing *listing;
    struct policy_set *set; /* a reference: it keeps the policy */
    struct defer_queue *soon;
    struct defer turn;
    bool cancelled;
    scope_counted done;
    void *data;
};

static void finish(struct scope_count *c, int64_t jobs, const struct error *why)
{
    struct error err = why ? *why : (struct error){0}; /* the listing's own goes with it */
    scope_counted done = c->done;
    void *data = c->data;
    listing_free(c->listing);
    policy_set_release(c->set);
    free(c);
    done(data, jobs, why ? &err : NULL);
}

static void go_on(struct defer *turn)
{
    struct scope_count *c = turn->data;
    struct error err;
    struct str object;
    enum listing_state state = LISTING_JOB;
    if (c->cancelled) {
        error_set(&err, ERR_CANCELLED, "the counting of the jobs was stopped");
        finish(c, 0, &err);
        return;
    }
    while (state == LISTING_JOB)
        state = listing_next(c->listing, &object);
    if (state != LISTING_WAIT)
        finish(c, listing_scope(c->listing), state == LISTING_ERROR ? listing_error(c->listing) : NULL);
}

static void ready(void *data)
{
    struct scope_count *c = data;
    defer_call(c->soon, &c->turn);
}

int scope_count_start(const struct site *site, struct watches *watches, const struct policy_entry *entry,
                      scope_counted done, void *data, struct scope_count **out, struct error *err)
{
    struct scope_count *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    *c = (struct scope_count){.soon = site->soon, .turn = {.call = go_on, .data = c}, .done = done, .data = data};
    const struct listing_call call = {.site = site,
                                      .watches = watches,
                                      .match = entry->policy->match,
                                      .seat = {.rank = SEAT_PERSON},
                                      .ready = ready,
                                      .data = c};
    c->listing = listing_of_policy(&call, entry->policy, err);
    if (!c->listing) {
        free(c);
        return ERR_NOMEM;
    }
    c->set = entry->file->set;
    policy_set_hold(c->set);
    defer_call(c->soon, &c->turn);
    *out = c;
    return 0;
}

void scope_count_cancel(struct scope_count *c)
{
    c->cancelled = true;
    defer_call(c->soon, &c->turn);
}
