/* Cron schedules: 5 fields (minute hour day-of-month month day-of-week) or 6 with seconds first; `*`, lists, ranges,
 * steps (star/n, a-b/n, a/n: from a to the end), names (jan-dec, sun-sat, any case), 7 for Sunday (also fri-sun), `?`
 * as `*` in the day fields; L, W and # are not supported; @yearly @annually @monthly @weekly @daily @midnight @hourly.
 * Numbers are decimal (010 is 10). Day-of-month and day-of-week are ORed when both are restricted, and must both hold
 * otherwise; a field that starts with `*` is not restricted, as in cron ("0 0 star/2 * mon" is Mondays on odd days). A
 * step of 0 or past the field's size, a value out of range, a wrapped range (fri-mon) or a date that never comes (30
 * feb) is an error which names the field.
 *
 * DST. What counts is whether the hour field leaves an hour out:
 *
 * - It leaves some out: the schedule names times of the day ("30 2 * * *", "0 0,12 * * *", "0 star/2 * * *", @daily).
 *   Each named local time runs once. One inside a gap runs at the first valid instant after the gap; several in the
 * same gap, or one that falls due at that instant anyway, are one run. One inside an overlap runs the first time only,
 * and so does the whole of "star/5 2 * * *".
 * - It has all 24 ("star/5 * * * *", "30 * * * *", "0 0-23 * * *", @hourly): the schedule is one of elapsed time. It
 * runs at every instant whose local time matches: not for those in a gap (no burst after it), and in both passes of an
 *   overlap. (A change of half an hour, as on Lord Howe, so makes one wait of "0 * * * *" 30 or 90 minutes long.)
 *
 * A gap may be a day: Apia had no 30 December 2011; "0 9 * * *" ran for it at 00:00 on the 31st, and at 09:00 again for
 * the 31st. This is what cronie's manual promises; its code goes by a star at the start of the minute or hour field
 * instead, so that there "0 star/12 * * *" loses a run to a gap at midnight. Here it does not. */
#ifndef MPIJOBD_TIME_CRON_H
#define MPIJOBD_TIME_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "time/zone.h"

/* Bit n: the value n. days and months begin at bit 1, weekdays at 0 for Sunday. */
struct cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    bool days_restricted, weekdays_restricted;
    bool every_hour; /* all 24: of elapsed time */
};

/* ERR_SYNTAX: not a schedule; ERR_INVALID: a value that is not allowed. *cron is not written then. */
int cron_parse(const char *text, struct cron *cron, struct error *err);

/* The first due instant strictly after `instant` (seconds since 1970), or ERR_NOT_FOUND where none comes within 40
 * years. A microsecond or so; tens of them for 29 February. */
int cron_next(const struct cron *cron, const struct zone *zone, int64_t instant, int64_t *next, struct error *err);

#endif
