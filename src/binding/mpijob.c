/* mpijob, tfjob, pytorchjob, mxjob: lua/types/mpijob.lua */
#include "binding/mpijob.h"

#include <lauxlib.h>
#include <stdio.h>

#include "binding/embedded.h"
#include "binding/open.h"
#include "policy/lua_job.h"

enum mpijob_kind module_kind(lua_State *L)
{
    return (enum mpijob_kind)lua_tointeger(L, lua_upvalueindex(1));
}

const char *module_call(enum mpijob_kind kind, const char *function, char out[MODULE_CALL_MAX])
{
    snprintf(out, MODULE_CALL_MAX, "%s.%s", mpijob_kind_info(kind)->singular, function);
    return out;
}

static void open_kind(lua_State *L, enum mpijob_kind kind)
{
    static const luaL_Reg functions[] = {{"get", l_mpijob_get},
                                         {"patch", l_mpijob_patch},
                                         {"create", l_mpijob_create},
                                         {"delete", l_mpijob_delete},
                                         {"watch", l_mpijob_watch},
                                         {"pods", l_mpijob_pods},
                                         {"launcher", l_mpijob_launcher},
                                         {"list", l_mpijob_list},
                                         {"replace", l_mpijob_replace_once}, /* for mpijob.lua */
                                         {"replace_object", l_mpijob_replace_object},
                                         {NULL, NULL}};
    luaL_newlibtable(L, functions);
    lua_pushinteger(L, kind);
    luaL_setfuncs(L, functions, 1);
    lua_pushinteger(L, kind);
    if (luaL_loadbufferx(L, embedded_mpijob, embedded_mpijob_len, "=mpijob", "t"))
        lua_error(L);
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1); /* the comfort: replace with a function */
    lua_pushcclosure(L, l_mpijob_replace, 2);
    lua_setfield(L, -2, "replace");
    lua_setglobal(L, mpijob_kind_info(kind)->singular);
}

void binding_open_mpijob(lua_State *L)
{
    for (int kind = 0; kind < MPIJOB_KINDS; kind++)
        open_kind(L, (enum mpijob_kind)kind);
    lua_job_count_workers(L, l_mpijob_workers);
}
