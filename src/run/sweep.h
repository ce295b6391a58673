/* The run of a policy that says `replace`: lists the jobs, hands those that match to lua/mpijobd/sweep.lua, and its
 * changes to run_replace, several at once. */
#ifndef MPIJOBD_RUN_SWEEP_H
#define MPIJOBD_RUN_SWEEP_H

#include "run/run.h"

/* resumes: jobs that this earlier run has changed already are left alone. */
struct sweep *sweep_new(struct run *run, int64_t resumes, struct error *err);
int sweep_enter(lua_State *L, void *run); /* a script_entry; data is the run */
void sweep_stop(struct sweep *sweep);     /* no further jobs */
void sweep_free(struct sweep *sweep);

#endif
