/* SPDX-License-Identifier: Apache-2.0 */
/* job.kueue: what the job itself tells, and what its Workload tells, which is looked at when that is asked for. */
#include "policy/values/lua_job_kueue.h"

#include <string.h>

#include "mpijob/kueue.h"
#include "policy/values/lua_json.h"

static char kueue_mark; /* its address is the key of the function that looks a job's Workload up */

static const char *const told_by_workload[] = {"workload", "admitted", "active", "state", "reason", "message", NULL};

static bool is_told(const char *name)
{
    for (size_t i = 0; name && told_by_workload[i]; i++) {
        if (strcmp(told_by_workload[i], name) == 0)
            return true;
    }
    return false;
}

/* The answer, a table, is on the top: its members become those of job.kueue, so that it is asked for once. */
static int found_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    for (size_t i = 0; lua_istable(L, -1) && told_by_workload[i]; i++) {
        lua_getfield(L, -1, told_by_workload[i]);
        if (lua_isnil(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        lua_pushstring(L, told_by_workload[i]);
        lua_insert(L, -2);
        lua_rawset(L, 1);
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, 1);
    return 1;
}

/* __index of job.kueue. Upvalues: the function that looks, and the job. */
static int l_kueue(lua_State *L)
{
    lua_settop(L, 2);
    if (lua_type(L, 2) != LUA_TSTRING || !is_told(lua_tostring(L, 2))) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_callk(L, 1, 1, 0, found_k);
    return found_k(L, LUA_OK, 0);
}

void lua_job_look_up_kueue(lua_State *L, lua_CFunction look)
{
    lua_pushcfunction(L, look);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &kueue_mark);
}

void lua_job_push_kueue(lua_State *L, const struct lua_job *job)
{
    struct json queue = json_get(job->view.labels, KUEUE_GROUP "/queue-name");
    bool managed = kueue_manages(job->view.object);
    lua_createtable(L, 0, 8);
    lua_pushboolean(L, managed);
    lua_setfield(L, -2, "managed");
    if (!managed)
        return;
    if (json_type(queue) == JSON_STRING) {
        lua_json_push(L, queue);
        lua_setfield(L, -2, "queue");
    }
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kueue_mark) != LUA_TFUNCTION) {
        lua_pop(L, 1);
        return;
    }
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_kueue, 2);
    lua_createtable(L, 0, 2);
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* ---- match.kueue ---- */

static bool is(lua_State *L, const char *member, const char *text)
{
    lua_getfield(L, -1, member);
    bool same = lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), text) == 0;
    lua_pop(L, 1);
    return same;
}

/* The value of the condition on the top, as lua/mpijobd/kueue.lua has checked it. */
static unsigned states_of(lua_State *L)
{
    unsigned states = 0;
    if (lua_getfield(L, -1, "value") != LUA_TTABLE || lua_getfield(L, -1, "state") != LUA_TTABLE)
        return 0;
    for (int i = KUEUE_WAITING; i <= KUEUE_OVER; i++) {
        lua_getfield(L, -1, kueue_state_name((enum kueue_state)i));
        states |= (unsigned)lua_toboolean(L, -1) << i;
        lua_pop(L, 1);
    }
    return states;
}

unsigned lua_kueue_states(lua_State *L)
{
    int list = lua_gettop(L);
    unsigned states = 0;
    for (int i = 1; lua_rawgeti(L, list, i) == LUA_TTABLE; i++) {
        if (is(L, "name", "kueue") && is(L, "plugin", "mpijobd"))
            states |= states_of(L);
        lua_settop(L, list);
    }
    lua_settop(L, list);
    return states;
}
