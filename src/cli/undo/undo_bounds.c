/* SPDX-License-Identifier: Apache-2.0 */
/* An undo is a run, for which the ceiling over all policies holds, too. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/undo/undo.h"

/* How many objects it would change. */
static int64_t wanted(const struct undo *u)
{
    int64_t n = 0;
    for (size_t i = 0; i < u->count; i++)
        n += !u->objects[i].trouble && u->objects[i].action != UNDO_NOTHING;
    return n;
}

static int exceeded(struct undo *u, int64_t n, struct error *err)
{
    const struct hour *hour = &u->hour;
    int64_t now = clock_now(&u->s.clock), at = hour_fits(hour, n, now);
    char when[32];
    if (n <= hour_left(hour, now))
        return 0;
    if (at == INT64_MAX)
        return error_set(err, ERR_LIMIT,
                         "%" PRId64
                         " objects would be changed, and limits.changes_per_hour of the configuration allows "
                         "%" PRId64 ": nothing was changed. Undo it job by job (--job), or say --override",
                         n, hour->most);
    clock_format(at, false, when);
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " objects would be changed, and limits.changes_per_hour of the configuration leaves "
                     "%" PRId64 " of %" PRId64 " until %s: nothing was changed. Wait, or say --override",
                     n, hour_left(hour, now), hour->most, when);
}

int undo_bounded(struct undo *u)
{
    struct session *s = &u->s;
    struct error err;
    if (!u->hour.most || exceeded(u, wanted(u), &err) == 0)
        return 0;
    u->over = true;
    if (s->options.override)
        return 0;
    s->error = err;
    session_fail(s, &s->error);
    return EXIT_LIMITED;
}
