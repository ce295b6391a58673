/* kube.get(apiVersion, kind, key): the object as a table, or nil and an error. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/kube.h"
#include "binding/lua_read.h"

int l_kube_get(lua_State *L)
{
    lua_settop(L, 3);
    struct lua_read *g = lua_read_new(L, "kube.get");
    g->api_version = str_dup(str_of(luaL_checkstring(L, 1)));
    g->kind_name = str_dup(str_of(luaL_checkstring(L, 2)));
    if (!g->api_version || !g->kind_name)
        return luaL_error(L, "not enough memory");
    g->named_space = check_key(L, 3, g->name_space, g->name);
    return lua_read_go(L, g);
}
