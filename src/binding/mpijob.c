/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob, tfjob, pytorchjob, mxjob: a module for each kind of job (lua/types/mpijob.lua). */
#include "binding/mpijob.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>

#include "binding/modules.h"
#include "policy/values/lua_job.h"
#include "script/embedded.h"

const struct mpijob_kind *module_kind(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

const char *module_call(const struct mpijob_kind *kind, const char *function, char out[MODULE_CALL_MAX])
{
    snprintf(out, MODULE_CALL_MAX, "%s.%s", mpijob_kind_info(kind)->singular, function);
    return out;
}

/* replace with a function of the job is Lua's, around replace with a table. */
static void open_kind(lua_State *L, const struct binding_module *m)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)m->kind);
    if (luaL_loadbufferx(L, embedded_mpijob, embedded_mpijob_len, "=mpijob", "t"))
        lua_error(L);
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1);
    lua_pushcclosure(L, l_mpijob_replace, 2);
    lua_setfield(L, -2, "replace");
    lua_job_count_workers(L, l_mpijob_workers); /* one for the jobs of all kinds, as the next */
    lua_job_look_up_kueue(L, l_mpijob_kueue);
    mpijob_kueue_condition(L);
}

static const struct binding_function functions[] = {
    {"get", l_mpijob_get, MAY_GET},
    {"list", l_mpijob_list, MAY_LIST | MAY_GET},
    {"replace", l_mpijob_replace_once, MAY_REPLACE},
    {"replace_object", l_mpijob_replace_object, MAY_REPLACE},
    {"patch", l_mpijob_patch, MAY_GET | MAY_PATCH},
    {"create", l_mpijob_create, MAY_GET | MAY_CREATE},
    {"delete", l_mpijob_delete, MAY_GET | MAY_DELETE},
    {"watch", l_mpijob_watch, MAY_LIST | MAY_WATCH},
    {"pods", l_mpijob_pods, MAY_LIST_PODS},
    {"launcher", l_mpijob_launcher, MAY_GET_JOB | MAY_GET_POD},
    {"stop", l_mpijob_stop, MAY_HALT},
    {"resume", l_mpijob_resume, MAY_HALT},
    {NULL, NULL, 0},
};
const struct binding_module module_of_kinds = {
    .annotations = "mpijob.lua",
    .functions = functions,
    .open = open_kind,
    .needs = MAY_LIST | MAY_REPLACE,
    .of_a_kind = true,
};
