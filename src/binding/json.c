/* json.decode, encode, null, array; and require, which knows the modules a sandbox may have: lua/types/json.lua */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/open.h"
#include "binding/values.h"
#include "policy/lua_json.h"

int luaopen_cjson(lua_State *L); /* lua-cjson's own */

#define TEXT_MAX (16 * 1024 * 1024)

static int l_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct json root;
    if (len > TEXT_MAX)
        error_set(err, ERR_LIMIT, "the text is larger than 16 MiB");
    else if (json_parse(str_n(text, len), "the text", &root, err) == 0) {
        lua_json_push(L, root);
        return 1;
    }
    return push_failure(L, err);
}

static int l_free(lua_State *L)
{
    buf_free(lua_touserdata(L, 1));
    return 0;
}

static int l_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct buf *out = lua_newuserdatauv(L, sizeof *out, 0); /* collected whatever happens */
    buf_init(out, TEXT_MAX);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    if (lua_json_read_long(L, 1, out, err))
        return luaL_error(L, "%s", err->message);
    lua_pushlstring(L, out->ptr, out->len);
    buf_free(out);
    return 1;
}

static int l_array(lua_State *L)
{
    if (lua_isnoneornil(L, 1))
        lua_newtable(L);
    else
        luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_json_mark_array(L, 1);
    return 1;
}

static int l_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    /* As opened, whatever a script has made of the globals. */
    lua_getfield(L, LUA_REGISTRYINDEX, "mpijobd.modules");
    if (lua_getfield(L, -1, name) != LUA_TNIL)
        return 1;
    if (strcmp(name, "cjson") != 0)
        return luaL_error(
            L,
            "there is no module \"%s\" for policies; there are cjson, json, kube, log, mpijob, mxjob, pytorchjob, "
            "tfjob, time",
            name);
    if (lua_getfield(L, LUA_REGISTRYINDEX, "mpijobd.cjson") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushcfunction(L, luaopen_cjson);
        lua_call(L, 0, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, "mpijobd.cjson");
    }
    return 1;
}

void binding_open_json(lua_State *L)
{
    static const luaL_Reg functions[] = {{"decode", l_decode}, {"encode", l_encode}, {"array", l_array}, {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_json_push_null(L);
    lua_setfield(L, -2, "null");
    lua_setglobal(L, "json");
    static const char *const modules[] = {"json",       "kube",  "log",  "mpijob", "mxjob",
                                          "pytorchjob", "tfjob", "time", NULL};
    lua_createtable(L, 0, 8);
    for (size_t i = 0; modules[i]; i++) {
        lua_getglobal(L, modules[i]);
        lua_setfield(L, -2, modules[i]);
    }
    lua_setfield(L, LUA_REGISTRYINDEX, "mpijobd.modules");
    lua_pushcfunction(L, l_require);
    lua_setglobal(L, "require");
}
