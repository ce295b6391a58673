/* kube: lua/types/kube.lua */
#include "binding/kube.h"

#include <lauxlib.h>

#include "binding/open.h"

void binding_open_kube(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"get", l_kube_get},         {"list", l_kube_list},     {"watch", l_kube_watch},   {"patch", l_kube_patch},
        {"replace", l_kube_replace}, {"create", l_kube_create}, {"delete", l_kube_delete}, {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_setglobal(L, "kube");
}
