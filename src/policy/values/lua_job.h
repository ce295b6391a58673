/* SPDX-License-Identifier: Apache-2.0 */
/* A job in Lua: a userdata with the object's raw bytes, which count as the script's memory, and its view. It cannot be
 * changed. Reading a field that does not exist raises an error that names the nearest one. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_JOB_H
#define MPIJOBD_POLICY_VALUES_LUA_JOB_H

#include <lua.h>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "mpijob/view.h"

struct lua_job {
    struct mpijob_view view;       /* points into bytes */
    const struct cluster *cluster; /* from which it was read; outlives the script */
    const struct clock *clock;
    int64_t as_of; /* when it was as it is here, microseconds since 1970; lua_job_push sets it to now */
    char key[320]; /* "namespace/name" */
    size_t len;
    char bytes[];
};

/* Pushes a job made of a copy of the object's bytes. Raises a Lua error when out of memory, or if the object is not a
 * job of that kind. */
struct lua_job *lua_job_push(lua_State *L, struct str object, const struct cluster *cluster,
                             const struct mpijob_kind *kind, const struct clock *clock);

/* Sets the function that job.workers.active calls, with the job, where the status does not tell the number. It may
 * wait. Without it, the value is nil there. The floor above sets it in each state. */
void lua_job_count_workers(lua_State *L, lua_CFunction count);
/* The same for what job.kueue tells of the job's Workload: called with the job, it answers with a table of `workload`,
 * `admitted`, `active`, `state`, `reason`, `message`, or nil. */
void lua_job_look_up_kueue(lua_State *L, lua_CFunction look);

/* The job at index; NULL: something else is there. Never raises a Lua error. */
struct lua_job *lua_job_at(lua_State *L, int index);

extern const char *const lua_job_names[]; /* of a job's fields and methods; NULL-terminated */

#endif
