/* SPDX-License-Identifier: Apache-2.0 */
/* What a zone is made of. For the sources of this floor and for its tests only. Instants are seconds since
 * 1970. */
#ifndef MPIJOBD_TIME_ZONE_DATA_H
#define MPIJOBD_TIME_ZONE_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
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

/* What a name means before any file is looked at. 0, with the zone where it is UTC, else with NULL: a file has it.
 * ERR_INVALID: no file can have it. ERR_NOMEM. */
int zone_name_check(const char *name, struct zone **zone, struct error *err);
/* The directory of the zones: the given one, or the system's. */
const char *zone_directory(const char *directory);

/* The names in a zone directory. */
struct zone_names {
    char *directory;
    char **list; /* in the order of their bytes, with a NULL behind the last */
    size_t count;
    struct buf links; /* lines of "America/New_York US/Eastern", of names that other machines have */
};

/* Blocks. 0, and zone_names_free frees it; ERR_NOMEM. A directory that cannot be read has no names. */
int zone_names_read(struct zone_names *names, const char *directory);
void zone_names_free(struct zone_names *names);
/* Fills *err for a zone that is not among them, with the name that was perhaps meant. Returns its code, ERR_NOT_FOUND.
 */
int zone_names_unknown(const struct zone_names *names, const char *name, struct error *err);

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
