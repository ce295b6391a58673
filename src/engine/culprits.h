/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that hung or crashed an earlier daemon, and so do not run (guard/quarantine.h). */
#ifndef MPIJOBD_ENGINE_CULPRITS_H
#define MPIJOBD_ENGINE_CULPRITS_H

#include "engine/engine.h"

#define CULPRITS_TEXT 512

/* Before policies are loaded: reads the list again. What fails is logged. Blocks for one small file. */
/* The same on another thread, but for the reading itself; `then` is called on the loop, or within this call where there
 * is no list. engine->reading is true meanwhile. */
void culprits_read_then(struct engine *engine, void (*then)(struct engine *engine));
void culprits_read(const struct engine *engine);
/* When a set is in force: one line of the log for each policy of it that is in quarantine. */
void culprits_tell(const struct engine *engine);
/* Why a run of that policy, which began at `since` (microseconds since 1970), has no end. */
const char *culprits_run(const struct engine *engine, const char *policy, int64_t since, char out[CULPRITS_TEXT]);

#endif
