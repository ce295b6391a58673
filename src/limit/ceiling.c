/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of the last hour, read from the journal. */
#include "limit/ceiling.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/journal.h"

struct counting {
    int64_t since, now;
    int64_t *at; /* owned */
    size_t count, room;
    bool full;
    int64_t old; /* number of the newest row that is older than an hour; 0: none was met */
};

/* Has an undo made it, at once or when it was approved? */
static bool of_undo(const struct store_change *change)
{
    return change->trigger && strcmp(change->policy, STORE_BY_HAND) == 0 &&
           (strncmp(change->trigger, "undo", 4) == 0 || strncmp(change->trigger, "approved", 8) == 0);
}

/* Was it made, or may it have been, and not by a person who saw what it does? An undo is a run, and counts. */
static bool counts(const struct store_change *change)
{
    return (strcmp(change->policy, STORE_BY_HAND) != 0 || of_undo(change)) && !store_of_apply(change) &&
           !(change->outcome && (strcmp(change->outcome, "failed") == 0 || strcmp(change->outcome, "not-done") == 0));
}

static bool add(struct counting *c, int64_t at)
{
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        int64_t *more = realloc(c->at, room * sizeof *more);
        c->full = !more;
        if (!more)
            return false;
        c->at = more;
        c->room = room;
    }
    c->at[c->count++] = at;
    return true;
}

/* The newest come first. A time that is still to come, as the clock was set back since, counts as now. */
static bool count_newest(void *data, const struct store_change *change)
{
    struct counting *c = data;
    if (change->intended_at <= c->since) {
        c->old = change->id;
        return false;
    }
    return !counts(change) || add(c, change->intended_at < c->now ? change->intended_at : c->now);
}

/* Rows come by their numbers. Where the clock was wrong for a while, a change of the last hour may stand before one
 * with an older time. A time that is still to come tells nothing there: that row is older than the one with the old
 * time. */
static bool count_before(void *data, const struct store_change *change)
{
    struct counting *c = data;
    bool taken = change->id >= c->old || change->intended_at > c->now;
    return taken || !counts(change) || add(c, change->intended_at);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int ceiling_read(struct journal *journal, int64_t now, struct hour *hour, struct error *err)
{
    struct counting c = {.since = now - 3600 * CLOCK_SECOND, .now = now};
    const struct store_filter all = {.with_run = true}, last_hour = {.with_run = true, .since = c.since + 1};
    int rc = journal_read_changes(journal, &all, count_newest, &c, err);
    if (!rc && !c.full && c.old)
        rc = journal_read_changes(journal, &last_hour, count_before, &c, err);
    if (!rc && c.full)
        rc = error_nomem(err);
    if (!rc && c.count)
        qsort(c.at, c.count, sizeof *c.at, by_time);
    for (size_t i = 0; !rc && i < c.count; i++)
        rc = hour_count(hour, c.at[i], err);
    free(c.at);
    return rc;
}
