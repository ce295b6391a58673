/* SPDX-License-Identifier: Apache-2.0 */
/* A rehearsal's life, and the pass over a cache that counts for all policies at once which ask no `where`. */
#include "rehearsal/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "policy/in_force.h"
#include "policy/policy_text.h"
#include "rehearsal/rehearsal_parts.h"

/* ---- what is to be counted ---- */

static const struct policy_entry *find(const struct policy_set *set, const char *name)
{
    for (size_t i = 0; set && i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, name) == 0)
            return &set->entries[i];
    }
    return NULL;
}

/* There is a cache for each of its kinds. */
static bool rehearsal_watched(const struct rehearsal_place *at, const struct policy *policy)
{
    for (size_t i = 0; i < policy->kinds.count; i++) {
        if (!watches_for(at->watches, policy->kinds.of[i].kind, policy->match))
            return false;
    }
    return true;
}

static void begin_side(struct rehearsal_side *side, const struct policy_entry *entry, const struct rehearsal_place *at)
{
    *side = (struct rehearsal_side){.entry = entry};
    if (!entry)
        return;
    side->who = policy_who(entry->file, entry->policy);
    if (entry->quarantined)
        side->unknown = "it is in quarantine";
    else if (!rehearsal_watched(at, entry->policy))
        side->unknown = "its jobs are not watched";
}

static void add_items(struct rehearsal *r, const struct policy_entry *was, const struct policy_entry *would)
{
    for (size_t i = 0; i < r->o.place_count; i++) {
        const struct rehearsal_place *at = &r->o.places[i];
        if (!policy_in_force(would->policy, at->site->cluster))
            continue;
        struct rehearsal_item *item = &r->items[r->count++];
        *item = (struct rehearsal_item){.at = at, .handled = -1};
        begin_side(&item->was, was && policy_in_force(was->policy, at->site->cluster) ? was : NULL, at);
        begin_side(&item->would, would, at);
    }
}

static int copy_places(struct rehearsal *r)
{
    size_t count = r->o.place_count;
    r->places = calloc(count + 1, sizeof *r->places);
    if (!r->places)
        return ERR_NOMEM;
    if (count)
        memcpy(r->places, r->o.places, count * sizeof *r->places);
    r->o.places = r->places;
    return 0;
}

static int make_items(struct rehearsal *r, const struct policy_set *next)
{
    r->items = calloc(next->count * r->o.place_count + 1, sizeof *r->items);
    if (!r->items)
        return ERR_NOMEM;
    for (size_t i = 0; i < next->count; i++) {
        const struct policy_entry *would = &next->entries[i], *was = find(r->o.was, would->policy->name);
        if (was && !policy_text_differs(was->policy->text, would->policy->text))
            continue;
        r->added += !was;
        r->changed += was != NULL;
        add_items(r, was, would);
    }
    return 0;
}

/* ---- the pass over the caches ---- */

static bool has_index(const struct policy_kinds *kinds, int index)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if ((int)mpijob_kind_index(kinds->of[i].kind) == index)
            return true;
    }
    return false;
}

static bool is_last(const struct policy_kinds *kinds, int index)
{
    size_t later = 0;
    for (size_t i = 0; i < kinds->count; i++)
        later += (int)mpijob_kind_index(kinds->of[i].kind) > index;
    return !later;
}

static bool of_pass(const struct rehearsal *r, size_t i)
{
    const struct rehearsal_side *side = rehearsal_side_at((struct rehearsal *)(uintptr_t)r, i);
    return r->items[i / 2].at == &r->o.places[r->cluster] && side->entry && !side->unknown &&
           !policy_asks_where(side->entry->policy) && has_index(&side->entry->policy->kinds, r->kind);
}

/* The next cache that some side wants to be counted. False: all are gone through. */
static bool next_cache(struct rehearsal *r)
{
    for (; r->cluster < r->o.place_count; r->cluster++, r->kind = 0) {
        for (; r->kind < MPIJOB_KINDS_MOST; r->kind++) {
            size_t i = 0;
            while (i < r->count * 2 && !of_pass(r, i))
                i++;
            r->held = i < r->count * 2 ? r->o.places[r->cluster].watches->caches[r->kind] : NULL;
            if (!r->held)
                continue;
            watches_hold(r->held);
            r->slot = 0;
            return true;
        }
    }
    return false;
}

static void count_job(struct rehearsal *r)
{
    struct mpijob_view view;
    int64_t now = clock_now(r->o.clock);
    if (cache_view(r->held->cache, r->slot, &r->bytes, &view, NULL))
        return;
    r->looked_at++;
    for (size_t i = 0; i < r->count * 2; i++) {
        if (!of_pass(r, i))
            continue;
        struct rehearsal_side *side = rehearsal_side_at(r, i);
        const struct guard_who *before = guard_enter(&side->who);
        side->count += mpijob_match_eval(side->entry->policy->match, &view, now, NULL);
        guard_enter(before);
    }
}

static void end_pass(struct rehearsal *r, bool whole)
{
    for (size_t i = 0; whole && i < r->count * 2; i++) {
        if (of_pass(r, i))
            rehearsal_side_at(r, i)->counted = is_last(&rehearsal_side_at(r, i)->entry->policy->kinds, r->kind);
    }
    watches_release(r->held);
    r->held = NULL;
    r->kind++;
}

/* False: there is more to do. */
static bool pass(struct rehearsal *r)
{
    int64_t end = clock_monotonic() + REHEARSAL_SLICE_US;
    if (!r->held && !next_cache(r))
        return true;
    for (unsigned n = 0; n < REHEARSAL_SLICE && r->slot < cache_slots(r->held->cache); r->slot++) {
        if (!cache_holds(r->held->cache, r->slot))
            continue;
        n++;
        count_job(r);
        if (clock_monotonic() >= end)
            n = REHEARSAL_SLICE;
    }
    if (r->slot >= cache_slots(r->held->cache))
        end_pass(r, true);
    return false;
}

/* ---- what was handled ---- */

static bool handled(struct rehearsal *r)
{
    if (r->handled == r->count)
        return true;
    struct rehearsal_item *item = &r->items[r->handled++];
    const struct policy_entry *was = item->was.entry;
    if (was && was->policy->on)
        item->handled = triggers_handled(item->at->triggers, was->policy->name);
    return false;
}

/* ---- its life ---- */

static void end(struct rehearsal *r)
{
    if (r->held)
        end_pass(r, false);
    rehearsal_where_end(r);
    buf_free(&r->bytes);
    r->took = clock_monotonic() - r->began;
    r->o.done(r->o.data);
}

static void turn(struct defer *d)
{
    struct rehearsal *r = d->data;
    if (r->run) /* its end begins the next turn */
        return;
    if (!r->cancelled && !r->late && (!pass(r) || !rehearsal_where(r))) {
        if (!r->run)
            defer_call(r->o.soon, &r->turn);
        return;
    }
    if (!r->cancelled && !handled(r))
        defer_call(r->o.soon, &r->turn);
    else
        end(r);
}

int rehearsal_start(const struct rehearsal_options *options, const struct policy_set *next, struct rehearsal **out,
                    struct error *err)
{
    struct rehearsal *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->o = *options;
    r->began = clock_monotonic();
    r->turn = (struct defer){.call = turn, .data = r};
    if (copy_places(r) || make_items(r, next)) {
        rehearsal_free(r);
        return error_nomem(err);
    }
    defer_call(r->o.soon, &r->turn);
    *out = r;
    return 0;
}

static void stop(struct rehearsal *r, const char *why)
{
    if (r->run)
        run_stop(r->run, why, false);
}

void rehearsal_cancel(struct rehearsal *r)
{
    if (!r)
        return;
    r->cancelled = true;
    stop(r, "the daemon is being stopped");
}

void rehearsal_late(struct rehearsal *r)
{
    if (!r)
        return;
    r->late = true;
    stop(r, "the rehearsal takes too long");
}

static void free_side(struct rehearsal_side *side)
{
    free(side->error);
    free(side->reason);
}

void rehearsal_free(struct rehearsal *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count * 2; i++)
        free_side(rehearsal_side_at(r, i));
    free(r->items);
    free(r->places);
    free(r);
}
