/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of what policies do. In every function counters may be NULL, and then nothing is counted. */
#ifndef MPIJOBD_SITE_COUNTERS_H
#define MPIJOBD_SITE_COUNTERS_H

#include <stdint.h>

#include "base/error.h"
#include "base/metrics.h"

struct counters;
/* metrics outlives the counters; NULL: *counters is NULL. 0 or ERR_NOMEM. */
int counters_new(struct metrics *metrics, struct counters **counters, struct error *err);
void counters_free(struct counters *counters);

/* The policy is in force: its counters are there, at zero, before anything is counted. */
void counters_begin(struct counters *counters, const char *policy);

/* late_us: a policy's alarm rang so many microseconds after the instant that it was set for. */
void counters_lateness(struct counters *counters, const char *policy, int64_t late_us);
struct counters_run { /* one that has ended; microseconds */
    int64_t id;       /* in the journal; 0: it is in none */
    const char *policy, *outcome;
    int64_t ended_at;        /* since 1970 */
    int64_t took_us, cpu_us; /* how long it took; computing time of its Lua */
};
void counters_run_ended(struct counters *counters, const struct counters_run *run);
/* gpus: how many a finished job held that the controller gives back because of the change. */
void counters_replaced(struct counters *counters, const char *policy, const char *effect, int64_t gpus);
void counters_tripped(struct counters *counters, const char *policy);                /* the breaker has paused it */
void counters_warned(struct counters *counters, const char *policy, const char *by); /* "annotation", "event", "sink" */
void counters_replace_failed(struct counters *counters, const char *policy, const char *reason);

#endif
