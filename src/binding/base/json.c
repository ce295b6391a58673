/* SPDX-License-Identifier: Apache-2.0 */
/* json: JSON without losses (lua/types/json.lua). */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/base/module.h"
#include "binding/base/values.h"
#include "policy/values/lua_json.h"

#define TEXT_MAX SCRIPT_STRING_MAX /* no string of a script is longer */
#define KEPT (64 * 1024)           /* bytes that the buffer keeps from one call to the next */

int binding_json_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct json root;
    script_work(L, len / 8);
    if (json_parse(str_n(text, len), "the text", &root, err) == 0) {
        lua_json_push(L, root);
        return 1;
    }
    return push_failure(L, err);
}

/* ---- encode ---- */

/* A state has one buffer for all of its calls: a call that an error ends, or the end of its run, leaves the buffer to
 * the next call. So what is not Lua's own memory is bounded, whatever is done how often; it is counted to the script's
 * memory. */
struct encoder {
    struct buf out;
    size_t counted;
};

static char encoder_mark; /* its address is the key of the buffer in the registry */

static void count(lua_State *L, struct encoder *e)
{
    script_native(L, e->counted, e->out.cap);
    e->counted = e->out.cap;
}

static int l_free(lua_State *L)
{
    struct encoder *e = lua_touserdata(L, 1);
    buf_free(&e->out);
    count(L, e);
    return 0;
}

/* Pushes the userdata that owns it. */
static struct encoder *encoder_of(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &encoder_mark) == LUA_TUSERDATA)
        return lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct encoder *e = lua_newuserdatauv(L, sizeof *e, 0);
    *e = (struct encoder){0};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &encoder_mark);
    return e;
}

int binding_json_push(lua_State *L, int index, size_t most, struct error *err)
{
    index = lua_absindex(L, index);
    struct encoder *e = encoder_of(L);
    if (e->out.cap > KEPT)
        buf_free(&e->out); /* of a call that did not come to its end */
    buf_reset(&e->out);
    e->out.max = most;
    int rc = lua_json_read_long(L, index, &e->out, err);
    count(L, e);
    lua_pushlstring(L, e->out.ptr ? e->out.ptr : "", e->out.len);
    lua_replace(L, -2);
    if (e->out.cap > KEPT)
        buf_free(&e->out);
    count(L, e);
    return rc;
}

int binding_json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (binding_json_push(L, 1, TEXT_MAX, err))
        return luaL_error(L, "%s", err->message);
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

static const struct binding_function functions[] = {{"decode", binding_json_decode, MAY_NOTHING},
                                                    {"encode", binding_json_encode, MAY_NOTHING},
                                                    {"array", l_array, MAY_NOTHING},
                                                    {NULL, NULL, 0}};
const struct binding_module module_json = {
    .name = "json", .annotations = "json.lua", .functions = functions, .open = open_json};
