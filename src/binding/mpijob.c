/* mpijob: lua/types/mpijob.lua */
#include "binding/mpijob.h"

#include <lauxlib.h>

#include "binding/embedded.h"
#include "binding/open.h"
#include "policy/lua_job.h"

void binding_open_mpijob(lua_State *L)
{
    static const luaL_Reg functions[] = {{"get", l_mpijob_get},
                                         {"list", l_mpijob_list},
                                         {"replace", l_mpijob_replace_once}, /* for mpijob.lua */
                                         {"replace_object", l_mpijob_replace_object},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    if (luaL_loadbufferx(L, embedded_mpijob, embedded_mpijob_len, "=mpijob", "t"))
        lua_error(L);
    lua_pushvalue(L, -2);
    lua_call(L, 1, 1); /* the comfort: replace with a function */
    lua_pushcclosure(L, l_mpijob_replace, 1);
    lua_setfield(L, -2, "replace");
    lua_setglobal(L, "mpijob");
    lua_job_count_workers(L, l_mpijob_workers);
}
