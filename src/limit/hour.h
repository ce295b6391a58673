/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling over all policies together: so many changes at most in any 60 minutes. A change counts from the instant
 * at which it is begun until an hour after it. What a run is about to do is set aside for it beforehand, so that two
 * runs do not reckon with the same rest.
 *
 * All instants are microseconds since 1970; the caller says what time it is, and it may also be set back: what was
 * counted at a later instant counts from then on as of now. */
#ifndef MPIJOBD_LIMIT_HOUR_H
#define MPIJOBD_LIMIT_HOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct hour_minutes; /* hour_kept.c */

struct hour {
    int64_t most;
    int64_t *at; /* a ring of `room` instants, in order; owned */
    size_t room, first, count;
    int64_t aside;                /* for runs that are under way */
    struct hour_minutes *minutes; /* what is kept of it (hour_kept.h), owned; NULL: nothing */
    char part[64];                /* hour_part_words */
};

#define HOUR_MOST 1000000

/* most: changes in an hour, 0 to HOUR_MOST. Then hour_close. */
void hour_open(struct hour *hour, int64_t most);
void hour_close(struct hour *hour);

/* A change is begun at that instant. ERR_NOMEM: it is not counted. */
int hour_count(struct hour *hour, int64_t at, struct error *err);
/* The newest one was not made after all. */
void hour_uncount(struct hour *hour);
/* How many there were in the hour before, and are set aside. */
int64_t hour_used(const struct hour *hour, int64_t now);
/* How many more there may be; 0 or more. */
int64_t hour_left(const struct hour *hour, int64_t now);
/* When so many more will fit, if nothing else comes: now, where they fit already; an hour later at the latest.
 * INT64_MAX: never, as they are more than the ceiling. */
int64_t hour_fits(const struct hour *hour, int64_t n, int64_t now);
/* Sets n aside, which fit, or gives back so many (n < 0). */
void hour_set_aside(struct hour *hour, int64_t n);

#endif
