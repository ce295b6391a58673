/* A job in Lua: a userdata that holds the object's raw bytes (counted against the script's memory) and its view.
 * Immutable; a field that does not exist raises an error that names the nearest one. */
#ifndef MPIJOBD_POLICY_LUA_JOB_H
#define MPIJOBD_POLICY_LUA_JOB_H

#include <lua.h>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "mpijob/view.h"

struct lua_job {
    struct mpijob_view view;       /* into bytes */
    const struct cluster *cluster; /* that it was read from; outlives the script */
    const struct clock *clock;
    int64_t as_of; /* the instant of which it is, microseconds since 1970: now, unless it is set */
    char key[320]; /* "namespace/name" */
    size_t len;
    char bytes[];
};

/* Pushes a job made of a copy of the object's bytes; raises a Lua error when out of memory or if it is no MPIJob. */
struct lua_job *lua_job_push(lua_State *L, struct str object, const struct cluster *cluster, enum mpijob_kind kind,
                             const struct clock *clock);

/* What job.workers.active calls, with the job, where the status does not tell the number; it may wait. Without one it
 * is nil then. Set in each state by the floor above. */
void lua_job_count_workers(lua_State *L, lua_CFunction count);

/* The job at index, or NULL if something else is there. Never raises. */
struct lua_job *lua_job_at(lua_State *L, int index);

#endif
