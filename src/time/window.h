/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a week: "mon-fri 09:00-18:00", "sat,sun 00:00-24:00", "22:00-06:00" (each day, until the next one's
 * morning). */
#ifndef MPIJOBD_TIME_WINDOW_H
#define MPIJOBD_TIME_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "time/zone.h"

struct window {
    unsigned days;  /* bit n: it begins on that weekday; 0 is Sunday */
    int begin, end; /* minutes since midnight; end is above begin, and beyond 1440 on the day after */
};

/* 0; ERR_SYNTAX: it is no window. */
int window_parse(const char *text, struct window *window, struct error *err);
/* Is it open at that instant (seconds since 1970), by the zone's clocks? The end does not belong to it. */
bool window_open(const struct window *window, const struct zone *zone, int64_t instant);

#endif
