/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that hung or crashed an earlier daemon, and so do not run (guard/quarantine.h). */
#ifndef MPIJOBD_ENGINE_CULPRITS_H
#define MPIJOBD_ENGINE_CULPRITS_H

#include "engine/engine.h"

/* Before policies are loaded: reads the list again. What fails is logged. Blocks for one small file. */
void culprits_read(const struct engine *engine);
/* The same on another thread; `then` is called on the loop, or within this call where there is no list.
 * engine->reading is true meanwhile. */
void culprits_read_then(struct engine *engine, void (*then)(struct engine *engine));
/* When a set is in force: one line of the log for each policy of it that is in quarantine. */
void culprits_tell(const struct engine *engine);

#endif
