/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the floor only: the workers of a job. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_JOB_WORKERS_H
#define MPIJOBD_POLICY_VALUES_LUA_JOB_WORKERS_H

#include "policy/values/lua_job.h"

/* Pushes { replicas, active }. The job is at index 1. */
void lua_job_push_workers(lua_State *L, const struct lua_job *job);

#endif
