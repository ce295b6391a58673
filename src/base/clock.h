/* SPDX-License-Identifier: Apache-2.0 */
/* The wall clock that policies live by. Tests and `mpijobd test` use a manual one that stands still until it is moved.
 * Network deadlines do not use it: they are on the loop's monotonic time. */
#ifndef MPIJOBD_BASE_CLOCK_H
#define MPIJOBD_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    bool manual;
    int64_t manual_us;
    int64_t ahead_us; /* not manual: it goes on with the system's, so far before it (below 0: behind it) */
};

#define CLOCK_SECOND INT64_C(1000000)

/* Microseconds since 1970-01-01T00:00:00Z. clock may be NULL: the system's. */
int64_t clock_now(const struct clock *clock);

/* Seconds since 1970, rounded down. */
int64_t clock_seconds(const struct clock *clock);

/* A clock that goes on from the time in `at` (RFC 3339); NULL or empty: the system's. False: it is no time. */
bool clock_begin(struct clock *clock, const char *at);

/* Monotonic microseconds, for measuring; never affected by a manual clock. */
int64_t clock_monotonic(void);

/* The same, and it goes on while the machine is suspended: for what others count on. */
int64_t clock_elapsed(void);

/* "2026-11-23T20:15:00Z" (RFC 3339, UTC) of microseconds since 1970. out: at least 32 bytes.
 * fraction: with microseconds, as a Kubernetes Lease wants them (exactly six decimals). */
void clock_format(int64_t us, bool fraction, char out[32]);

/* Reads RFC 3339 ("2026-11-23T20:15:00Z", "...+01:00", with or without a fraction). False: not one. */
bool clock_parse(const char *text, int64_t *us);

#endif
