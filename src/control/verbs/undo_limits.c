/* SPDX-License-Identifier: Apache-2.0 */
/* How much an undo may change. */
#include "control/verbs/undo_limits.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "limit/hour_kept.h"
#include "policy/definition/definition.h"

static bool over_changes(const struct undo_much *m)
{
    const struct policy *p = m->entry ? m->entry->policy : NULL;
    return p && p->changes_max >= 0 && m->objects > p->changes_max;
}

static bool over_percent(const struct undo_much *m)
{
    const struct policy *p = m->entry ? m->entry->policy : NULL;
    return p && p->percent_max >= 0 && m->jobs >= 0 && m->objects > p->percent_floor &&
           (double)m->objects * 100 > p->percent_max * (double)m->jobs;
}

bool undo_is_over(const struct undo_much *m)
{
    return over_changes(m) || over_percent(m);
}

const char *undo_over_which(const struct undo_much *m)
{
    return over_changes(m) ? "it exceeds limits.changes" : "it exceeds limits.percent";
}

static int check_policy(const struct undo_much *m, struct error *err)
{
    const struct policy *p = m->entry ? m->entry->policy : NULL;
    const char *s = m->objects == 1 ? "" : "s";
    if (over_changes(m))
        return error_set(err, ERR_LIMIT,
                         "%" PRId64 " object%s would be changed, and limits.changes of policy \"%s\" allows %" PRId64
                         ": nothing was changed. Undo it job by job, or override it",
                         m->objects, s, p->name, p->changes_max);
    if (over_percent(m))
        return error_set(err, ERR_LIMIT,
                         "%" PRId64 " object%s would be changed, and limits.percent of policy \"%s\" allows %g %% of "
                         "its %" PRId64 " jobs: nothing was changed. Undo it job by job, or override it",
                         m->objects, s, p->name, p->percent_max, m->jobs);
    return 0;
}

static int check_ceiling(const struct undo_much *m, struct error *err)
{
    const struct site *site = m->runs->site;
    const struct hour *hour = site->hour;
    int64_t now = clock_now(site->clock);
    if (!hour || m->objects <= hour_left(hour, now))
        return 0;
    return error_set(err, ERR_LIMIT,
                     "%" PRId64 " object%s would be changed, and limits.changes_per_hour of the configuration%s leaves "
                     "%" PRId64 " of %" PRId64 " now: nothing was changed. Wait, undo it job by job, or override it",
                     m->objects, m->objects == 1 ? "" : "s", hour_part_words(hour), hour_left(hour, now), hour->most);
}

int undo_check(const struct undo_much *m, bool waits, struct error *err)
{
    int rc = waits ? 0 : check_policy(m, err);
    return rc ? rc : check_ceiling(m, err);
}

/* ---- told ---- */

static void number(struct json_writer *w, const char *key, bool there, int64_t value)
{
    json_write_key(w, key);
    if (there)
        json_write_int(w, value);
    else
        json_write_null(w);
}

static void fraction(struct json_writer *w, const char *key, bool there, double value)
{
    json_write_key(w, key);
    if (there)
        json_write_double(w, value);
    else
        json_write_null(w);
}

void undo_write_limits(const struct undo_much *m, struct json_writer *w)
{
    const struct site *site = m->runs ? m->runs->site : NULL;
    const struct hour *hour = site ? site->hour : NULL;
    const struct policy *p = m->entry ? m->entry->policy : NULL;
    struct limit_speed speed = m->runs ? runs_speed(m->runs, m->entry) : (struct limit_speed){0};
    bool percent = p && p->percent_max >= 0;
    number(w, "limits_changes", p && p->changes_max >= 0, p ? p->changes_max : 0);
    fraction(w, "limits_percent", percent, p ? p->percent_max : 0);
    number(w, "percent_floor", percent, p ? p->percent_floor : 0);
    number(w, "jobs", percent && m->jobs >= 0, m->jobs);
    fraction(w, "per_second", speed.gap > 0, (double)CLOCK_SECOND / (double)(speed.gap ? speed.gap : 1));
    number(w, "concurrency", speed.concurrency > 0, speed.concurrency);
    number(w, "changes_per_hour", hour != NULL, hour ? hour->most : 0);
    number(w, "left_in_hour", hour != NULL, hour ? hour_left(hour, clock_now(site->clock)) : 0);
}
