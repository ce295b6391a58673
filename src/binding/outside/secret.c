/* SPDX-License-Identifier: Apache-2.0 */
/* secret(name): a value that stands for a secret (lua/types/secret.lua). It is never in the script's memory: a userdata
 * holds the name, and what sends a text puts the value in its place. So it can be neither printed, compared nor put
 * into an object. */
#include "binding/outside/secret.h"

#include <lauxlib.h>

#include "binding/base/values.h"
#include "binding/outside/outside_modules.h"

#define TYPE "mpijobd.secret"

static struct str veiled_of(lua_State *L, int index)
{
    return str_n(lua_touserdata(L, index), lua_rawlen(L, index));
}

bool is_secret(lua_State *L, int index)
{
    return luaL_testudata(L, index, TYPE) != NULL;
}

struct str check_veiled(lua_State *L, int index, const char *what)
{
    struct str text = {0};
    if (is_secret(L, index))
        return veiled_of(L, index);
    if (lua_type(L, index) != LUA_TSTRING && lua_type(L, index) != LUA_TNUMBER)
        luaL_error(L, "%s has to be a string or a secret, not a %s", what, luaL_typename(L, index));
    text.ptr = lua_tolstring(L, index, &text.len);
    if (text.len && memchr(text.ptr, '\0', text.len))
        luaL_error(L, "%s holds a NUL byte", what);
    return text;
}

/* The names between "${" and "}" take the place of their marks. */
static void veil_template(lua_State *L, struct str text, luaL_Buffer *b)
{
    const char *p = text.ptr, *end = p + text.len;
    while (p < end) {
        if (*p != '$' || p + 1 == end || p[1] != '{') {
            luaL_addchar(b, *p++);
            continue;
        }
        const char *close = memchr(p + 2, '}', (size_t)(end - p - 2));
        struct str name = str_n(p + 2, close ? (size_t)(close - p - 2) : 0);
        if (!secret_name_good(name))
            luaL_error(L,
                       "secret: between \"${\" and \"}\" stands a secret's name: letters, digits, \".\", \"_\" and "
                       "\"-\", at most %d bytes",
                       SECRET_NAME_MAX);
        luaL_addchar(b, '\0');
        luaL_addlstring(b, name.ptr, name.len);
        luaL_addchar(b, '\0');
        p = close + 1;
    }
}

/* secret("name"), or secret("a text with ${name} in it"). Not by `..`: there is no __concat (script/sandbox.c). */
static int l_secret(lua_State *L)
{
    struct str text;
    luaL_Buffer b;
    text.ptr = luaL_checklstring(L, 1, &text.len);
    if (text.len && memchr(text.ptr, '\0', text.len))
        return luaL_error(L, "secret: the text holds a NUL byte");
    script_work(L, text.len);
    luaL_buffinit(L, &b);
    if (strstr(text.ptr, "${")) {
        veil_template(L, text, &b);
    } else if (secret_name_good(text)) {
        luaL_addchar(&b, '\0');
        luaL_addlstring(&b, text.ptr, text.len);
        luaL_addchar(&b, '\0');
    } else {
        return luaL_error(L,
                          "secret takes a name (letters, digits, \".\", \"_\" and \"-\", at most %d bytes), or a text "
                          "with ${name} in it",
                          SECRET_NAME_MAX);
    }
    luaL_pushresult(&b);
    struct str veiled;
    veiled.ptr = lua_tolstring(L, -1, &veiled.len);
    memcpy(lua_newuserdatauv(L, veiled.len, 0), veiled.ptr, veiled.len);
    luaL_setmetatable(L, TYPE);
    return 1;
}

static int l_tostring(lua_State *L)
{
    struct str text = (luaL_checkudata(L, 1, TYPE), veiled_of(L, 1));
    luaL_Buffer b;
    bool inside = false;
    script_work(L, text.len);
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i]) {
            luaL_addchar(&b, text.ptr[i]);
            continue;
        }
        luaL_addstring(&b, inside ? "\")" : "secret(\"");
        inside = !inside;
    }
    luaL_pushresult(&b);
    return 1;
}

static void open_secret(lua_State *L, const struct binding_module *m)
{
    static const luaL_Reg meta[] = {{"__tostring", l_tostring}, {NULL, NULL}};
    (void)m;
    luaL_newmetatable(L, TYPE);
    luaL_setfuncs(L, meta, 0);
    lua_pushliteral(L, "secret");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static const struct binding_function functions[] = {{"secret", l_secret, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_secret = {.annotations = "secret.lua", .functions = functions, .open = open_secret};
