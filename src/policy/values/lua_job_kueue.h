/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor only: what Kueue makes of a job. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_JOB_KUEUE_H
#define MPIJOBD_POLICY_VALUES_LUA_JOB_KUEUE_H

#include "policy/values/lua_job.h"

/* Pushes { managed, queue, ... }. The job is at index 1. */
void lua_job_push_kueue(lua_State *L, const struct lua_job *job);

#endif
