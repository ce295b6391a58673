/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor only: what Kueue makes of a job. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_JOB_KUEUE_H
#define MPIJOBD_POLICY_VALUES_LUA_JOB_KUEUE_H

#include "policy/values/lua_job.h"

/* Pushes { managed, queue, ... }. The job is at index 1. */
/* The list of a policy's conditions (policy/definition/lua_conditions.h) is on the top: the states that match.kueue
 * asks for among them, a bit for each enum kueue_state; 0: it asks for none, or is a plugin's. */
unsigned lua_kueue_states(lua_State *L);
void lua_job_push_kueue(lua_State *L, const struct lua_job *job);

#endif
