/* SPDX-License-Identifier: Apache-2.0 */
/* require "cjson": json.encode and json.decode under the names that lua-cjson gives them, for policies that were
 * written for it. There is nothing to set: lua-cjson's setters would lift the bounds that keep a policy from harm to
 * others. */
#include <lauxlib.h>

#include "binding/modules.h"
#include "policy/values/lua_json.h"

/* Upvalue: json.decode. lua-cjson raises where json.decode returns nil and an error. */
static int l_decode(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 2);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return 1;
    }
    return luaL_error(L, "cjson.decode: %s", luaL_tolstring(L, -1, NULL));
}

/* Upvalue: the name. */
static int l_setter(lua_State *L)
{
    return luaL_error(L,
                      "cjson.%s: nothing can be set here; JSON is read and written as json.decode and json.encode do "
                      "it, at most 100 levels deep, an empty table as {} and json.array() as []",
                      lua_tostring(L, lua_upvalueindex(1)));
}

/* lua-cjson makes a copy with settings of its own; here it has no settings. Upvalue: the module. */
static int l_new(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

static int open_cjson(lua_State *L)
{
    static const char *const setters[] = {"decode_array_with_array_mt",
                                          "decode_invalid_numbers",
                                          "decode_max_depth",
                                          "encode_empty_table_as_object",
                                          "encode_escape_forward_slash",
                                          "encode_invalid_numbers",
                                          "encode_keep_buffer",
                                          "encode_max_depth",
                                          "encode_number_precision",
                                          "encode_sparse_array",
                                          NULL};
    lua_newtable(L);
    lua_pushcfunction(L, binding_json_encode);
    lua_setfield(L, -2, "encode");
    lua_pushcfunction(L, binding_json_decode);
    lua_pushcclosure(L, l_decode, 1);
    lua_setfield(L, -2, "decode");
    lua_json_push_null(L);
    lua_setfield(L, -2, "null");
    lua_pushliteral(L, "cjson");
    lua_setfield(L, -2, "_NAME");
    for (const char *const *name = setters; *name; name++) {
        lua_pushstring(L, *name);
        lua_pushcclosure(L, l_setter, 1);
        lua_setfield(L, -2, *name);
    }
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, l_new, 1);
    lua_setfield(L, -2, "new");
    return 1;
}

const struct binding_module module_cjson = {.name = "cjson", .late = open_cjson};
