/* What policies do, counted as metrics. Every function takes counters that may be NULL: nothing is counted then. */
#ifndef MPIJOBD_SITE_COUNTERS_H
#define MPIJOBD_SITE_COUNTERS_H

#include <stdint.h>

#include "base/error.h"
#include "base/metrics.h"

struct counters;
/* metrics NULL: *counters is NULL. Otherwise metrics outlives it. ERR_NOMEM. */
int counters_new(struct metrics *metrics, struct counters **counters, struct error *err);
void counters_free(struct counters *counters);

/* A policy's alarm rang so many microseconds after the instant that it was set for. */
void counters_lateness(struct counters *counters, const char *policy, int64_t late_us);
/* took_us: on the monotonic clock; cpu_us: computing time of the run's Lua. Microseconds. */
void counters_run_ended(struct counters *counters, const char *policy, const char *outcome, int64_t took_us,
                        int64_t cpu_us);
/* gpus: that finished jobs held and that the change makes the controller give back. */
void counters_replaced(struct counters *counters, const char *policy, const char *effect, int64_t gpus);
void counters_replace_failed(struct counters *counters, const char *policy, const char *reason);

#endif
