/* SPDX-License-Identifier: Apache-2.0 */
/* How each policy stands on each cluster, for people. */
#ifndef MPIJOBD_ENGINE_STANDING_H
#define MPIJOBD_ENGINE_STANDING_H

#include "engine/engine.h"
#include "standing/stands.h"

/* policy NULL: of all. */
void engine_each_standing(const struct engine *engine, const char *policy,
                          void (*visit)(void *data, const struct engine_standing *standing), void *data);

/* The GPUs that finished jobs hold on all clusters, by their status and cleanPodPolicy: of the jobs that are watched
 * and were listed. False: no jobs are, or the sum is not known. */
bool engine_held_gpus(const struct engine *engine, int64_t *gpus);

#endif
