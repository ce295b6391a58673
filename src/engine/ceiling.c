/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of an hour begins with what the journal tells of the last one, so that a restart forgets nothing. */
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "store/journal.h"

struct counting {
    int64_t since, most;
    int64_t *at; /* the newest first; owned */
    size_t count, room;
    bool full;
};

/* Was it made, or may it have been? */
static bool counts(const struct store_change *change)
{
    return strcmp(change->policy, STORE_BY_HAND) != 0 &&
           !(change->outcome && (strcmp(change->outcome, "failed") == 0 || strcmp(change->outcome, "not-done") == 0));
}

static bool count_row(void *data, const struct store_change *change)
{
    struct counting *c = data;
    if (change->intended_at <= c->since || (int64_t)c->count >= c->most)
        return false; /* the newest come first; and more than the ceiling need not be known */
    if (!counts(change))
        return true;
    if (c->count == c->room) {
        size_t room = c->room ? 2 * c->room : 64;
        int64_t *at = realloc(c->at, room * sizeof *at);
        c->full = !at;
        if (!at)
            return false;
        c->at = at;
        c->room = room;
    }
    c->at[c->count++] = change->intended_at;
    return true;
}

int engine_ceiling_open(struct engine *e, struct error *err)
{
    struct journal *journal = e->o.counted ? e->o.counted : e->o.journal;
    struct counting c = {.since = clock_now(e->o.clock) - 3600 * CLOCK_SECOND, .most = e->o.changes_per_hour};
    hour_open(&e->hour, e->o.changes_per_hour);
    if (!e->o.changes_per_hour || !journal)
        return 0;
    int rc = journal_read_changes(journal, NULL, count_row, &c, err);
    if (!rc && c.full)
        rc = error_nomem(err);
    while (!rc && c.count)
        rc = hour_count(&e->hour, c.at[--c.count], err);
    free(c.at);
    return rc;
}
