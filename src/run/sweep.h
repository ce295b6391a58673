/* SPDX-License-Identifier: Apache-2.0 */
/* The run of a policy with `replace`: gives the jobs that match to lua/mpijobd/sweep.lua, and starts the changes that
 * come back (run_change.h), several at once. */
#ifndef MPIJOBD_RUN_SWEEP_H
#define MPIJOBD_RUN_SWEEP_H

#include "run/run.h"

/* The run owns it, and outlives it. resumes: leave alone the jobs that this earlier run has changed; 0: none. NULL:
 * ERR_NOMEM. */
struct sweep *sweep_new(struct run *run, int64_t resumes, struct error *err);
int sweep_enter(lua_State *L, void *run); /* a script_entry */
void sweep_stop(struct sweep *sweep);     /* it takes no further jobs */
void sweep_free(struct sweep *sweep);

#endif
