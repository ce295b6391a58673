/* What is read from the engine when the metrics are asked for. */
#ifndef MPIJOBD_ENGINE_METERS_H
#define MPIJOBD_ENGINE_METERS_H

#include "base/error.h"

struct engine;
struct meters;
struct metrics;
/* metrics NULL: *meters is NULL. Otherwise both outlive it. ERR_NOMEM. */
int meters_new(const struct engine *engine, struct metrics *metrics, struct meters **meters, struct error *err);
void meters_free(struct meters *meters);

#endif
