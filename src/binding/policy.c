/* policy { ... }: lua/types/policy.lua */
#include <lauxlib.h>

#include "binding/open.h"
#include "binding/values.h"
#include "policy/lua_changes.h"
#include "run/lua_run.h"

static int l_policy(lua_State *L)
{
    struct policy_file *file = script_host(L);
    lua_Debug where = {0};
    if (!policy_file_loading(file))
        return luaL_error(L, "policy { ... } belongs at the top level of a file; a run cannot define policies");
    if (lua_type(L, 1) != LUA_TTABLE)
        return luaL_error(L, "policy takes one table: policy { name = ..., schedule = ..., replace = ... }");
    if (lua_getstack(L, 1, &where))
        lua_getinfo(L, "l", &where);
    policy_file_define(file, L, 1, where.currentline);
    return 0;
}

void binding_open_policy(lua_State *L)
{
    lua_pushcfunction(L, l_policy);
    lua_setglobal(L, "policy");
    lua_pushglobaltable(L);
    lua_changes_open(L);
    lua_pop(L, 1);
    lua_run_push(L);
    lua_setglobal(L, "run");
}
