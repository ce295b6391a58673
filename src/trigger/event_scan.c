/* SPDX-License-Identifier: Apache-2.0 */
/* The look at all jobs, scope by scope as the cache has listed them, at the start and after a reload; and the room for
 * what is known of each. */
#include "trigger/event_parts.h"
#include "trigger/triggers.h"

/* ---- scopes ---- */

struct event_scope *event_scope(struct event_trigger *t, uint32_t slot)
{
    size_t i = t->scope_count == 1 ? 0 : cache_scope_of(t->held->cache, slot);
    return i < t->scope_count ? &t->scopes[i] : NULL;
}

bool event_scopes_known(const struct event_trigger *t)
{
    for (size_t i = 0; i < t->scope_count; i++) {
        if (t->scopes[i].state != SCOPE_KNOWN)
            return false;
    }
    return true;
}

bool event_scope_begun(struct event_trigger *t, uint32_t slot)
{
    const struct event_scope *scope = event_scope(t, slot);
    return scope && scope->state != SCOPE_WAITS;
}

/* Those that are listed by now are to be scanned; again: also those that were scanned before. */
static void mark_scopes(struct event_trigger *t, bool again)
{
    for (size_t i = 0; i < t->scope_count; i++) {
        struct event_scope *scope = &t->scopes[i];
        if (scope->state == SCOPE_WAITS ? cache_scope(t->held->cache, i).synced : again)
            scope->state = SCOPE_SCANNED;
    }
    t->scanning = true;
    t->scan = 0;
}

/* ---- room ---- */

bool event_has_room(struct event_trigger *t, uint32_t slot)
{
    if (event_room(t, slot) == 0)
        return true;
    log_event(t->site->log, LOG_ERROR, "out of memory: all jobs are looked at again later",
              LOG_FIELDS({"policy", t->entry.policy->name}, SITE_LOG_CLUSTER(t->site)));
    t->scanned = false;
    mark_scopes(t, true);
    event_pause(t, RETRY_FIRST_MS);
    return false;
}

/* ---- the scan ---- */

static void written(void *data, int64_t id, const struct error *err)
{
    struct event_trigger *t = data;
    (void)id;
    (void)err; /* the store logs it */
    t->writing = false;
    event_release(t);
    if (!t->stopped)
        event_wake(t);
}

static void end_scan(struct event_trigger *t)
{
    t->scanning = t->scans_news = false;
    t->scanned = true;
    for (size_t i = 0; i < t->scope_count; i++) {
        if (t->scopes[i].state == SCOPE_SCANNED)
            t->scopes[i].state = SCOPE_KNOWN;
    }
    if (event_scopes_known(t))
        event_rows_forget_gone(t);
    event_rows_begin_baseline(t);
    event_arm(t);
    event_wake(t); /* for what the scan has queued */
}

static bool is_to_scan(struct event_trigger *t, uint32_t slot)
{
    const struct event_scope *scope = cache_holds(t->held->cache, slot) ? event_scope(t, slot) : NULL;
    return scope && scope->state == SCOPE_SCANNED;
}

/* The triggers share SCAN_SLICE in each turn of the loop, however many they are: after a reload all scan at once. */
static unsigned *left_in_turn(const struct event_trigger *t)
{
    struct triggers *all = t->of;
    if (all->scan_turn != t->site->soon->turn)
        all->scan_left = SCAN_SLICE;
    all->scan_turn = t->site->soon->turn;
    return &all->scan_left;
}

/* Looks at the next jobs of the scopes that are scanned: at the start, and after a reload. */
void event_scan(struct event_trigger *t)
{
    uint32_t slots = cache_slots(t->held->cache), n = 0, passed = 0;
    unsigned *left = left_in_turn(t);
    if (slots && !event_has_room(t, slots - 1))
        return;
    for (; t->scan < slots && *left && passed < SCAN_PASSED; t->scan++) {
        passed++;
        if (!is_to_scan(t, t->scan))
            continue;
        bool seen = t->jobs[t->scan].flags & JOB_IS_SEEN;
        if (seen && t->scans_news)
            event_unpass(t, t->scan);
        event_look_cached(t, t->scan, seen ? EVENT_AGAIN : EVENT_FIRST, MPIJOB_NO_TIME);
        --*left;
        n++;
    }
    if (t->scan >= slots) {
        end_scan(t);
    } else if (n && t->site->state) { /* no faster than the rows are written */
        t->writing = true;
        state_sync(t->site->state, written, t);
    } else {
        event_wake(t);
    }
}

/* Of the scopes that are listed by now and were not scanned yet. */
bool event_scan_due(const struct event_trigger *t)
{
    for (size_t i = 0; i < t->scope_count; i++) {
        if (t->scopes[i].state == SCOPE_WAITS && cache_scope(t->held->cache, i).synced)
            return true;
    }
    return false;
}

void event_scan_begin(struct event_trigger *t, bool again)
{
    mark_scopes(t, again);
    event_wake(t);
}

void event_scan_news(struct event_trigger *t)
{
    t->scans_news = true;
    event_scan_begin(t, true);
}
