/* json: JSON without losses (lua/types/json.lua); cjson: lua-cjson, for those who want it. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/modules.h"
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

static void open_json(lua_State *L, const struct binding_module *m)
{
    (void)m;
    lua_json_push_null(L);
    lua_setfield(L, -2, "null");
}

static const struct binding_function functions[] = {{"decode", l_decode, MAY_NOTHING},
                                                    {"encode", l_encode, MAY_NOTHING},
                                                    {"array", l_array, MAY_NOTHING},
                                                    {NULL, NULL, 0}};
const struct binding_module module_json = {
    .name = "json", .annotations = "json.lua", .functions = functions, .open = open_json};
const struct binding_module module_cjson = {.name = "cjson", .late = luaopen_cjson};
