/* SPDX-License-Identifier: Apache-2.0 */
/* A job that several sets of conditions match together, made up to show that there can be one. */
#ifndef MPIJOBD_MPIJOB_MATCH_MATCH_EXAMPLE_H
#define MPIJOBD_MPIJOB_MATCH_MATCH_EXAMPLE_H

#include "mpijob/match/match.h"

/* The instant at which the examples are looked at, microseconds since 1970: all durations have passed by then. */
#define MATCH_EXAMPLE_NOW (INT64_C(946684800) * 1000000 + INT64_C(120) * 366 * 86400 * 1000000)
/* When they were made, started and finished, as far as that applies. */
#define MATCH_EXAMPLE_CREATED (INT64_C(946684800) * 1000000)

#define MATCH_EXAMPLE_MOST 8 /* sets of conditions */

/* Appends the object to out. The first `held` of the matches hold for it; the others only decide about labels,
 * annotations and the like that those leave open. target: of a dialect that is known. phase: what it shall be in.
 * False: no job was found (that proves nothing), or out of memory; out is as it was then. */
bool mpijob_match_example(const struct mpijob_match *const *matches, size_t count, size_t held,
                          struct mpijob_target target, enum mpijob_phase phase, struct buf *out);

#endif
