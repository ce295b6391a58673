/* SPDX-License-Identifier: Apache-2.0 */
/* When a schedule is due next. Between two changes of the zone's offset local time runs evenly: each such stretch is
 * searched in local seconds, field by field, and turned into an instant by one subtraction. */
#include "time/cron.h"
#include "time/zone_data.h"

#define DAY INT64_C(86400)
#define HORIZON (40 * 366 * DAY)
#define LOOK_BACK (3 * DAY) /* longer than any two offsets can differ (52 hours) */

/* The lowest value of the set that is not below `from`, or -1. */
static int lowest(uint64_t set, int from)
{
    uint64_t left = from < 64 ? set >> from : 0;
    return left ? from + __builtin_ctzll(left) : -1;
}

/* The first matching second of the day that is not before `from`, or -1. */
static int64_t time_of_day(const struct cron *cron, int64_t from)
{
    int hour = (int)(from / 3600), minute = (int)(from / 60 % 60), second = (int)(from % 60);
    for (;;) {
        int h = lowest(cron->hours, hour);
        if (h < 0)
            return -1;
        if (h > hour)
            minute = second = 0;
        hour = h;
        int m = lowest(cron->minutes, minute);
        if (m > minute)
            second = 0;
        int s = m < 0 ? -1 : lowest(cron->seconds, second);
        if (m >= 0 && s < 0) { /* not in this minute: at the start of a later one */
            m = lowest(cron->minutes, m + 1);
            s = lowest(cron->seconds, 0);
        }
        if (m >= 0)
            return (int64_t)hour * 3600 + m * 60 + s;
        hour++;
        minute = second = 0;
    }
}

static bool day_matches(const struct cron *cron, const struct civil *date)
{
    bool day = cron->days >> date->day & 1;
    bool weekday = cron->weekdays >> civil_weekday(date->year, date->month, date->day) & 1;
    if (cron->days_restricted && cron->weekdays_restricted)
        return day || weekday;
    return day && weekday;
}

/* The first matching local time in [from, end). */
static bool next_local(const struct cron *cron, int64_t from, int64_t end, int64_t *local)
{
    while (from < end) {
        int64_t midnight = floor_div(from, DAY) * DAY;
        struct civil date = civil_from_seconds(midnight);
        if (!(cron->months >> date.month & 1)) {
            int month = lowest(cron->months, date.month);
            bool next_year = month < 0;
            from = civil_days(date.year + next_year, next_year ? lowest(cron->months, 1) : month, 1) * DAY;
            continue;
        }
        int64_t time = day_matches(cron, &date) ? time_of_day(cron, from - midnight) : -1;
        if (time >= 0) {
            *local = midnight + time;
            return *local < end;
        }
        from = midnight + DAY;
    }
    return false;
}

/* `reached` is how far local time has ever come: what lies before it has had its turn, so a second pass begins after
 * it, and a stretch that begins beyond it has jumped over what lies between. Schedules of elapsed time ask about
 * neither. */
static bool search(const struct cron *cron, const struct zone *zone, int64_t instant, int64_t *next)
{
    int64_t limit = instant + HORIZON;
    int64_t begin = instant - LOOK_BACK;
    int64_t reached = begin + zone_at(zone, begin).seconds;
    while (begin < limit) {
        int64_t offset = zone_at(zone, begin).seconds;
        int64_t end, local;
        if (!zone_next_change(zone, begin, &end) || end > limit)
            end = limit;
        int64_t from = begin + offset;
        if (!cron->every_hour) {
            if (begin > instant && next_local(cron, reached, from, &local)) {
                *next = begin;
                return true;
            }
            from = from > reached ? from : reached;
        }
        if (from <= instant + offset)
            from = instant + offset + 1;
        if (next_local(cron, from, end + offset, &local)) {
            *next = local - offset;
            return true;
        }
        reached = reached > end + offset ? reached : end + offset;
        begin = end;
    }
    return false;
}

int cron_next(const struct cron *cron, const struct zone *zone, int64_t instant, int64_t *next, struct error *err)
{
    int64_t most = ZONE_INSTANT_MOST / 2; /* well away from where instants are bounded */
    if (instant > -most && instant < most && search(cron, zone, instant, next))
        return 0;
    return error_set(err, ERR_NOT_FOUND, "the schedule is not due within 40 years");
}
