/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics that are read from the engine when they are asked for: queues, watches, memory. */
#ifndef MPIJOBD_ENGINE_METERS_H
#define MPIJOBD_ENGINE_METERS_H

#include "base/error.h"

struct engine;
struct meters;
struct metrics;
/* engine and metrics outlive the meters. metrics NULL: *meters is NULL. 0 or ERR_NOMEM. */
int meters_new(const struct engine *engine, struct metrics *metrics, struct meters **meters, struct error *err);
void meters_free(struct meters *meters);

#endif
