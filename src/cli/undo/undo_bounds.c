/* SPDX-License-Identifier: Apache-2.0 */
/* An undo is a run, for which the limits of its policy and the ceiling over all policies hold, too. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/undo/undoing.h"

static int over_ceiling(const struct undoing *u, int64_t n, struct error *err)
{
    const struct hour *hour = &u->hour;
    int64_t now = clock_now(&u->s.clock), at;
    char when[32];
    if (!hour->most || n <= hour_left(hour, now))
        return 0;
    at = hour_fits(hour, n, now);
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

static int over_changes(const struct undoing *u, int64_t n, struct error *err)
{
    if (u->changes_max < 0 || n <= u->changes_max)
        return 0;
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " objects would be changed, and limits.changes of policy %s allows %" PRId64
                     ": nothing was changed. Undo it job by job (--job), or say --override",
                     n, u->undo.origin, u->changes_max);
}

int undo_bounded(struct undoing *u)
{
    struct session *s = &u->s;
    struct error err;
    int64_t n = undo_wanted(&u->undo);
    if (over_changes(u, n, &err))
        u->over = "limits.changes";
    else if (over_ceiling(u, n, &err))
        u->over = "limits.changes_per_hour";
    if (!u->over || s->options.override)
        return 0;
    s->error = err;
    session_fail(s, &s->error);
    return EXIT_LIMITED;
}
