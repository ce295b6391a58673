/* run.jobs in Lua: the jobs of a run function, one by one. With `on` those of the batch, else all that match. */
#ifndef MPIJOBD_RUN_RUN_JOBS_H
#define MPIJOBD_RUN_RUN_JOBS_H

#include "run/run.h"

struct run_jobs;

/* Pushes the iterator; raises a Lua error where the run has none (a policy with `replace`). */
void run_jobs_push(lua_State *L, struct run *run);
void run_jobs_free(struct run *run);

#endif
