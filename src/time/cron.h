/* Cron schedules: 5 fields (minute hour day-of-month month day-of-week) or 6 with seconds first; `*`, lists, ranges, steps
 * (star/n, a-b/n, a/n), names (jan-dec, sun-sat, any case), 7 for Sunday, `?` as `*` in the day fields, `L` not supported;
 * @yearly @annually @monthly @weekly @daily @midnight @hourly. Numbers are decimal (010 is 10). Day-of-month and
 * day-of-week are ORed when both are restricted (a field that starts with `*` is not), as cron does.
 * A step of 0, a value out of range, a wrapped range (fri-mon) or a date that never comes (30 feb) is an error which
 * names the field.
 *
 * DST, as docs/guide says: a fixed time inside a gap runs once, at the first valid instant after it; a fixed time inside
 * an overlap runs once, the first time; a schedule whose hour field starts with `*` (every hour, `*`/5 minutes) is one of
 * elapsed time and keeps running through both. */
#ifndef MPIJOBD_TIME_CRON_H
#define MPIJOBD_TIME_CRON_H

#include <stdint.h>

#include "base/error.h"
#include "time/zone.h"

struct cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    bool days_restricted, weekdays_restricted, every_hour;
};

int cron_parse(const char *text, struct cron *cron, struct error *err);

/* The first due instant strictly after `instant` (seconds since 1970), or ERR_NOT_FOUND where none comes within 40 years. */
int cron_next(const struct cron *cron, const struct zone *zone, int64_t instant, int64_t *next, struct error *err);

#endif
