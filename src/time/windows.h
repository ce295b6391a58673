/* SPDX-License-Identifier: Apache-2.0 */
/* When something is open: windows of a week in one time zone, less whole days; or one span between two instants. And
 * several of these together, of which some allow and some forbid. Exact to the second, also where clocks change: a
 * window is open while the clocks on the wall show its time. Pure; instants are seconds since 1970.
 *
 * Edges are the instants at which one of these may open or close. Those that are asked for lie within two years: what
 * does not open in that time never does. */
#ifndef MPIJOBD_TIME_WINDOWS_H
#define MPIJOBD_TIME_WINDOWS_H

#include <stddef.h>

#include "time/days.h"
#include "time/window.h"

#define WINDOWS_MOST 20                      /* of one list */
#define WINDOWS_AHEAD (INT64_C(731) * 86400) /* seconds */

struct windows {
    struct window *list; /* one is enough to be open; none: open all the time */
    size_t count;
    const struct zone *zone; /* needed, unless it is a span */
    const struct days *off;  /* on these, by the zone's calendar, it is closed; NULL: on none */
    bool span;               /* it is open from `from` until `until`, and the list is not looked at */
    int64_t from, until;
};

bool windows_open(const struct windows *windows, int64_t instant);

/* Open while `allow` is (NULL: all the time) and none of `deny`. Nothing is owned. */
struct timetable {
    const struct windows *allow;
    const struct windows *deny;
    size_t deny_count;
};
bool timetable_open(const struct timetable *table, int64_t instant);
/* The first instant from that one on at which it is open, or is not; itself, if it is so then. False: none comes within
 * so many seconds. To look far ahead for the close of what hardly ever closes takes long: a second for two years of 20
 * windows that lie over each other. */
bool timetable_next(const struct timetable *table, int64_t from, bool open, int64_t within, int64_t *at);
/* Where it is closed at that instant: since when, at most WINDOWS_AHEAD before. */
int64_t timetable_closed_since(const struct timetable *table, int64_t instant);

#endif
