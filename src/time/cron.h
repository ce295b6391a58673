/* SPDX-License-Identifier: Apache-2.0 */
/* Cron schedules, and when they are due.
 *
 * A schedule has 5 fields (minute hour day-of-month month day-of-week) or 6, with seconds first. A field takes `*`,
 * lists, ranges, steps (star/n, a-b/n, and a/n: from a to the end), names (jan-dec, sun-sat, in any case), 7 for
 * Sunday, fri-sun too, and `?` as `*` in the day fields. L, W and # are not supported. Numbers are decimal: 010 is 10.
 * The words "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight" and "@hourly" are schedules too.
 *
 * When day-of-month and day-of-week are both restricted, a day that fits one of them is enough; otherwise it has to fit
 * both. As in cron, a field that starts with `*` is not restricted: "0 0 star/2 * mon" is Mondays on odd days. A step
 * of 0 or past the field's size, a value out of range, a range that wraps (fri-mon) and a date that never comes (30
 * feb) are errors that name the field.
 *
 * When clocks change, it matters whether the hour field leaves an hour out.
 *
 * If it does, the schedule names times of the day ("30 2 * * *", "0 0,12 * * *", "0 star/2 * * *", @daily). Each named
 * local time runs once. One inside a gap runs at the first valid instant after the gap; several in the same gap, or one
 * that falls due at that instant anyway, are one run. One inside an overlap runs the first time only, and so does the
 * whole of "star/5 2 * * *".
 *
 * If it has all 24 hours ("star/5 * * * *", "30 * * * *", "0 0-23 * * *", @hourly), the schedule is one of elapsed
 * time. It runs at every instant whose local time matches: never for those in a gap, so no burst follows it, and in
 * both passes of an overlap. Where clocks change by half an hour, as on Lord Howe, one wait of "0 * * * *" is so 30 or
 * 90 minutes long.
 *
 * A gap may be a whole day: Apia had no 30 December 2011. "0 9 * * *" ran for it at 00:00 on the 31st, and at 09:00
 * again for the 31st. cronie's manual promises this; its code goes by a star at the start of the minute or hour field
 * instead, and so loses a run of "0 star/12 * * *" to a gap at midnight. Here that run is not lost. */
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
    bool every_hour; /* hours has all 24: a schedule of elapsed time */
};

/* text: NUL-terminated. 0; ERR_SYNTAX: it is not a schedule; ERR_INVALID: it has a value that is not allowed. *cron is
 * written on success only. */
int cron_parse(const char *text, struct cron *cron, struct error *err);

/* The first due instant strictly after `instant`, both in seconds since 1970. 0, or ERR_NOT_FOUND: none comes within 40
 * years. Takes a microsecond or so; tens of them for 29 February. */
int cron_next(const struct cron *cron, const struct zone *zone, int64_t instant, int64_t *next, struct error *err);

#endif
