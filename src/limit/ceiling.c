/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of the last hour, read from the journal. */
#include "limit/ceiling.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/journal.h"

struct counting {
    int64_t since, most;
    int64_t *at; /* the newest first; owned */
    size_t count, room;
    bool full;
};

/* Was it made, or may it have been, and not by a person? */
static bool counts(const struct store_change *change)
{
    return strcmp(change->policy, STORE_BY_HAND) != 0 && !store_of_apply(change) &&
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

int ceiling_read(struct journal *journal, int64_t now, struct hour *hour, struct error *err)
{
    struct counting c = {.since = now - 3600 * CLOCK_SECOND, .most = hour->most};
    const struct store_filter all = {.with_run = true};
    int rc = journal_read_changes(journal, &all, count_row, &c, err);
    if (!rc && c.full)
        rc = error_nomem(err);
    while (!rc && c.count)
        rc = hour_count(hour, c.at[--c.count], err);
    free(c.at);
    return rc;
}
