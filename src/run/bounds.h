/* SPDX-License-Identifier: Apache-2.0 */
/* How much a run may write, and how fast: its policy's limits, and the ceilings over all policies. What a run with
 * `replace` would do is reckoned as a whole before its first write; the writes of a run function are counted as they
 * come. */
#ifndef MPIJOBD_RUN_BOUNDS_H
#define MPIJOBD_RUN_BOUNDS_H

#include "limit/rate.h"
#include "run/run.h"

/* Does one of the limits count how many changes there would be? Then the jobs of a sweep are counted first. */
bool run_bounds_count(const struct run *run);
/* The run would make n changes, and there are `scope` jobs in its scope: is that more than a limit allows? 0; or
 * ERR_LIMIT, which names the limit and says what to do. Nothing is changed by the question. until (microseconds since
 * 1970): with ERR_LIMIT, when the same would be allowed; 0: time does not help. */
int run_bounds_exceeded(const struct run *run, int64_t n, int64_t scope, int64_t *until, struct error *err);
/* n changes follow, which were found to exceed nothing: no other run gets what they need of the ceiling. */
void run_bounds_set_aside(struct run *run, int64_t n);

/* One more change is about to be written: counts it. ERR_LIMIT ends the run. */
int run_bounds_grant(struct run *run, struct error *err);
/* Has it failed at half of what it wrote, and ten times at least? Then it writes nothing more. */
bool run_bounds_broken(const struct run *run);
/* That as a sentence. */
void run_bounds_broken_text(const struct run *run, char *out, size_t size);
/* A change that was granted has ended, and nothing was written. again: it comes once more. */
void run_bounds_return(struct run *run, bool again);
/* The run writes nothing more: gives back what was set aside. */
void run_bounds_end(struct run *run);

/* A write may leave now, or waits for its turn by limits.per_second (limit/rate.h). */
bool run_bounds_pace(struct run *run, struct rate_wait *wait);

#endif
