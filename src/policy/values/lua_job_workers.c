/* SPDX-License-Identifier: Apache-2.0 */
/* job.workers: how many there are, and those that are active, which are counted when they are asked for. */
#include "policy/values/lua_job_workers.h"

static char workers_mark; /* its address is the key of the function that counts a job's workers */

static int counted_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    lua_pushvalue(L, -1);
    lua_setfield(L, 1, "active"); /* so that it is counted once */
    return 1;
}

/* __index of job.workers. Upvalues: the function that counts, and the job. */
static int l_workers(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushliteral(L, "active");
    if (!lua_rawequal(L, 2, 3)) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_callk(L, 1, 1, 0, counted_k);
    return counted_k(L, LUA_OK, 0);
}

void lua_job_count_workers(lua_State *L, lua_CFunction count)
{
    lua_pushcfunction(L, count);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &workers_mark);
}

void lua_job_push_workers(lua_State *L, const struct lua_job *job)
{
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, job->view.workers);
    lua_setfield(L, -2, "replicas");
    if (job->view.workers_active >= 0) {
        lua_pushinteger(L, job->view.workers_active);
        lua_setfield(L, -2, "active");
        return;
    }
    if (!mpijob_phase_finished(job->view.phase))
        return;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &workers_mark) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_workers, 2);
    lua_createtable(L, 0, 2);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}
