/* SPDX-License-Identifier: Apache-2.0 */
/* What a zone is made of. For the sources of this floor and for its tests only. Instants are seconds since
 * 1970. */
#ifndef MPIJOBD_TIME_ZONE_DATA_H
#define MPIJOBD_TIME_ZONE_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "time/zone.h"

#define ZONE_INSTANT_MOST (INT64_C(1) << 55) /* a year that fits an int, and no overflow in what is added to it */
#define ZONE_OFFSET_MOST 93599               /* 25:59:59: RFC 8536 asks for less than 26 hours */

/* A day of every year, as POSIX's TZ writes it. */
struct rule_day {
    enum { RULE_JULIAN, RULE_ORDINAL, RULE_WEEKDAY } kind; /* Jn: 1 to 365 without 29 Feb; n: 0 to 365; Mm.w.d */
    int day;                                               /* the number, or the weekday (0: Sunday) */
    int month, week;                                       /* of RULE_WEEKDAY; week 5: the last */
    int32_t time;                                          /* seconds from that day's local 00:00; -167 to 167 hours */
};

struct posix_rule {
    struct zone_offset standard, dst;
    bool has_dst;
    struct rule_day start, end; /* of dst: start in standard time, end in dst */
};

/* text: what stands between the footer's line feeds, not NUL-terminated. False: it is not a TZ string. */
bool posix_rule_parse(const char *text, size_t len, struct posix_rule *rule);
const struct zone_offset *posix_rule_at(const struct posix_rule *rule, int64_t instant);
bool posix_rule_next(const struct posix_rule *rule, int64_t instant, int64_t *change);

struct zone_change {
    int64_t at;
    uint8_t type; /* what begins at that instant */
};

struct zone {
    unsigned owners;
    char *name;
    struct zone_change *changes; /* rising */
    size_t change_count;
    struct zone_offset *types; /* types[0] holds before the first change */
    size_t type_count;
    bool has_rule; /* from the last change on */
    struct posix_rule rule;
};

/* A zone from a TZif file's bytes. path: for messages. 0, ERR_SYNTAX, ERR_INVALID or ERR_NOMEM, as zone_load. */
int zone_parse(const char *name, const char *path, const void *bytes, size_t len, struct zone **zone,
               struct error *err);

/* A zone with room for so many changes and types, and none yet. NULL: out of memory. */
struct zone *zone_create(const char *name, size_t changes, size_t types);

/* Fills *err for a zone that `directory` does not have, with the name that was perhaps meant. Returns its code:
 * ERR_NOT_FOUND, or ERR_NOMEM. */
int zone_unknown(const char *name, const char *directory, struct error *err);

/* Days since 1970 of a date of the proleptic Gregorian calendar; month 1 to 12. */
int64_t civil_days(int64_t year, int month, int64_t day);

/* The year of an instant, UTC. */
int64_t civil_year(int64_t seconds);

static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#endif
