/* SPDX-License-Identifier: Apache-2.0 */
/* IANA time zones from the system's TZif files (RFC 8536, versions 2 and later, with a POSIX footer). Uses neither the
 * TZ variable nor globals of the process. An unknown zone is an error with the nearest name, never silently UTC. "UTC"
 * and "Etc/UTC" need no file. Loading reads a file and so blocks: it belongs to a policy's load. A loaded zone does not
 * change, so threads may share it.
 *
 * Instants are seconds since 1970 without leap seconds; one beyond plus or minus 2^55 is taken for that bound. */
#ifndef MPIJOBD_TIME_ZONE_H
#define MPIJOBD_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct zone;

/* directory: NULL for the system's (TZDIR, or /usr/share/zoneinfo). The zone is freed with zone_free. 0; ERR_NOT_FOUND:
 * there is no such zone, and the message offers the nearest name; ERR_INVALID: a name with "..", a leading slash or
 * other tricks, "localtime" and its like, or a zone that counts leap seconds ("right/..."); ERR_SYNTAX: a broken file,
 * one that is not regular, or one of version 1, whose 32 bits end in 2038; ERR_IO, ERR_LIMIT, ERR_NOMEM. */
int zone_load(const char *name, const char *directory, struct zone **zone, struct error *err);
struct zone *zone_share(struct zone *zone); /* one more owner, each of whom frees it; all on one thread */
void zone_free(struct zone *zone);          /* NULL is allowed */
/* Is there a file of that name (or is it UTC)? Unlike zone_load it looks for no name that is near, which takes long. */
bool zone_known(const char *name, const char *directory);
const char *zone_name(const struct zone *zone);

struct zone_offset {
    int32_t seconds; /* to add to UTC: east of Greenwich it is positive */
    bool dst;        /* as the file says: in Dublin's winter it is true, although the offset is the smaller one */
    char abbreviation[8];
};

/* The offset in force at an instant (seconds since 1970). */
struct zone_offset zone_at(const struct zone *zone, int64_t instant);

/* The first instant after `instant` at which the zone's offset changes; false: it never does. A change of the
 * abbreviation or of the dst flag alone does not count. */
bool zone_next_change(const struct zone *zone, int64_t instant, int64_t *change);

struct civil {
    int year, month, day;     /* month 1 to 12 */
    int hour, minute, second; /* second 0 to 59 */
};

struct civil zone_civil(const struct zone *zone, int64_t instant);
int civil_weekday(int year, int month, int day); /* 0: Sunday */

/* Between a civil time and its seconds since 1970 if it were UTC. A field past its range carries over (31 February,
 * month 13, hour -1). */
int64_t civil_to_seconds(const struct civil *civil);
struct civil civil_from_seconds(int64_t seconds);

enum zone_local { ZONE_ONCE, ZONE_GAP, ZONE_TWICE };
/* The instants of a local time. ZONE_ONCE: first == second. ZONE_TWICE: first < second. ZONE_GAP: the local time was
 * jumped over; both are the first valid instant after the gap. */
enum zone_local zone_instants(const struct zone *zone, const struct civil *local, int64_t *first, int64_t *second);

/* "2026-11-23T21:15:00+01:00"; an offset with seconds, as before standard time, in full. out: at least 40 bytes. */
void zone_format(const struct zone *zone, int64_t instant, char out[40]);

#endif
