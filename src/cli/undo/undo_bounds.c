/* SPDX-License-Identifier: Apache-2.0 */
/* An undo is a run, for which the limits of its policy and the ceiling over all policies hold, too. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/undo/undoing.h"

/* ---- what a daemon says ---- */

static int64_t number_or(struct json answer, const char *key, int64_t none)
{
    int64_t n;
    return json_int64(json_get(answer, key), &n) ? n : none;
}

static double fraction_or(struct json answer, const char *key, double none)
{
    double d;
    return json_double(json_get(answer, key), &d) ? d : none;
}

void undo_take_limits(struct undoing *u, struct json answer)
{
    u->limits = (struct undo_limits){
        .told = true,
        .changes_max = number_or(answer, "limits_changes", -1),
        .percent_max = fraction_or(answer, "limits_percent", -1),
        .percent_floor = number_or(answer, "percent_floor", 0),
        .jobs = number_or(answer, "jobs", -1),
        .per_second = fraction_or(answer, "per_second", 0),
        .concurrency = number_or(answer, "concurrency", 0),
        .hour_most = number_or(answer, "changes_per_hour", -1),
        .hour_left = number_or(answer, "left_in_hour", -1),
    };
}

/* ---- how fast ---- */

int undo_set_pace(struct undoing *u)
{
    struct session *s = &u->s;
    double per_second = u->limits.per_second;
    int64_t gap = per_second > 0 ? (int64_t)((double)CLOCK_SECOND / per_second) : 0;
    u->undo.concurrency = (unsigned)u->limits.concurrency;
    u->undo.gap = gap > s->config.write_gap ? gap : s->config.write_gap;
    if (u->undo.gap <= 0)
        return 0;
    u->alarms = alarms_new(&s->loop, &s->clock);
    if (!u->alarms) {
        error_nomem(&s->error);
        return session_fail(s, &s->error);
    }
    rate_init(&u->rate, u->alarms, &s->clock);
    u->undo.rate = &u->rate;
    undo_turns_begin(u);
    return 0;
}

void undo_end_pace(struct undoing *u)
{
    undo_turns_end(u);
    u->undo.rate = NULL;
    alarms_free(u->alarms);
    u->alarms = NULL;
}

/* ---- how much ---- */

static int over_ceiling(const struct undoing *u, int64_t n, struct error *err)
{
    const struct hour *hour = &u->hour;
    const struct undo_limits *l = &u->limits;
    int64_t now = clock_now(&u->s.clock);
    int64_t most = l->told ? l->hour_most : hour->most ? hour->most : -1;
    int64_t left = l->told ? l->hour_left : most < 0 ? 0 : hour_left(hour, now);
    char when[32], until[48] = "now";
    if (most < 0 || n <= left)
        return 0;
    if (n > most)
        return error_set(err, ERR_LIMIT,
                         "%" PRId64 " object%s would be changed, and limits.changes_per_hour of the configuration "
                         "allows %" PRId64 ": nothing was changed. Undo it job by job (--job), or say --override",
                         n, n == 1 ? "" : "s", most);
    if (hour->most) {
        clock_format(hour_fits(hour, n, now), false, when);
        snprintf(until, sizeof until, "until %s", when);
    }
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " object%s would be changed, and limits.changes_per_hour of the configuration leaves "
                     "%" PRId64 " of %" PRId64 " %s: nothing was changed. Wait, or say --override",
                     n, n == 1 ? "" : "s", left, most, until);
}

static int over_changes(const struct undoing *u, int64_t n, struct error *err)
{
    if (u->limits.changes_max < 0 || n <= u->limits.changes_max)
        return 0;
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " object%s would be changed, and limits.changes of policy %s allows %" PRId64
                     ": nothing was changed. Undo it job by job (--job), or say --override",
                     n, n == 1 ? "" : "s", u->undo.origin, u->limits.changes_max);
}

static int over_percent(const struct undoing *u, int64_t n, struct error *err)
{
    const struct undo_limits *l = &u->limits;
    if (l->percent_max < 0 || l->jobs < 0 || n <= l->percent_floor ||
        (double)n * 100 <= l->percent_max * (double)l->jobs)
        return 0;
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " objects would be changed, and limits.percent of policy %s allows %g %% of its "
                     "%" PRId64 " jobs: nothing was changed. Undo it job by job (--job), or say --override",
                     n, u->undo.origin, l->percent_max, l->jobs);
}

int undo_bounded(struct undoing *u)
{
    struct session *s = &u->s;
    struct error err;
    int64_t n = undo_wanted(&u->undo);
    if (over_changes(u, n, &err))
        u->over = "limits.changes";
    else if (over_percent(u, n, &err))
        u->over = "limits.percent";
    else if (over_ceiling(u, n, &err))
        u->over = "limits.changes_per_hour";
    if (!u->over || s->options.override)
        return 0;
    s->error = err;
    session_fail(s, &s->error);
    return EXIT_LIMITED;
}
