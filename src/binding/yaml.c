/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.decode and yaml.encode (lua/types/yaml.lua): read as kubectl reads it, and as JSON in between. */
#include <lauxlib.h>

#include "binding/base/values.h"
#include "binding/modules.h"
#include "policy/values/lua_json.h"
#include "yaml/convert.h"

/* Nothing can interrupt libyaml. */
#define TEXT_MAX (128 * 1024)
#define VALUE_MAX (1024 * 1024) /* as JSON: aliases multiply */
#define BYTE_UNITS 20

static int l_free(lua_State *L)
{
    buf_free(lua_touserdata(L, 1));
    return 0;
}

/* Pushes a userdata that owns it. */
static struct buf *owned(lua_State *L)
{
    struct buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    buf_init(b, VALUE_MAX);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return b;
}

static int l_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct buf *out = owned(L);
    struct json root;
    int rc;
    error_clear(err);
    if (len > TEXT_MAX)
        rc = error_set(err, ERR_LIMIT, "the text has more than %d bytes", TEXT_MAX);
    else
        rc = yaml_to_json(str_n(text, len), "the text", out, err);
    script_work(L, len * BYTE_UNITS);
    if (!rc)
        rc = json_parse(buf_str(out), "the text", &root, err);
    if (rc) {
        buf_free(out);
        return push_failure(L, err);
    }
    lua_json_push(L, root);
    buf_free(out);
    return 1;
}

static int l_encode(lua_State *L)
{
    struct json root;
    luaL_checkany(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct buf *out = owned(L);
    if (binding_json_push(L, 1, VALUE_MAX, err))
        return luaL_error(L, "%s", err->message);
    struct str text;
    text.ptr = lua_tolstring(L, -1, &text.len);
    script_work(L, text.len * BYTE_UNITS);
    if (json_parse(text, "the value", &root, err) || json_to_yaml(root, out, err))
        return luaL_error(L, "%s", err->message);
    lua_pushlstring(L, out->ptr ? out->ptr : "", out->len);
    buf_free(out);
    return 1;
}

static const struct binding_function functions[] = {
    {"decode", l_decode, MAY_NOTHING}, {"encode", l_encode, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_yaml = {.name = "yaml", .annotations = "yaml.lua", .functions = functions};
