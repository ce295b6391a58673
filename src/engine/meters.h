/* What the engine counts of policies, as metrics. Every function takes a meters that may be NULL: nobody counts. */
#ifndef MPIJOBD_ENGINE_METERS_H
#define MPIJOBD_ENGINE_METERS_H

#include "base/metrics.h"
#include "run/run.h"

struct meters;
/* *meters is NULL where metrics is. */
int meters_new(struct engine *engine, struct metrics *metrics, struct meters **meters, struct error *err);
void meters_free(struct meters *meters);

/* A policy's alarm rang so much after the instant it was set for. microseconds */
void meter_lateness(struct meters *meters, const char *policy, int64_t us);
void meter_run_ended(struct meters *meters, const struct run *run);
/* A replacement of a run has ended. */
void meter_replaced(struct meters *meters, const struct run *run, const struct replace_result *result,
                    const struct error *err);

#endif
