/* SPDX-License-Identifier: Apache-2.0 */
/* Values in words: raw, as no function of the script's may run while one only looks. What secrets are is not in the
 * script's memory (binding/outside/secret.c), and of the value that stands for one not even the name is shown. */
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/debug/parts.h"
#include "policy/values/lua_job.h"

#define PREVIEW_MEMBERS 6
#define PREVIEW_STRING 40
#define PREVIEW_BYTES 160

static void render_string(struct buf *out, struct str text, size_t max)
{
    size_t n = text.len < max ? text.len : max;
    while (n < text.len && n > 0 && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    buf_putc(out, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_puts(out, "\\n");
        else if (c == '\t')
            buf_puts(out, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\%03d", c);
        else
            buf_putc(out, (char)c);
    }
    buf_puts(out, n < text.len ? "...\"" : "\"");
}

static struct str string_at(lua_State *L, int index)
{
    struct str s;
    s.ptr = lua_tolstring(L, index, &s.len);
    return s;
}

static void render_number(lua_State *L, int index, struct buf *out)
{
    lua_pushvalue(L, index); /* lua_tolstring changes what it reads */
    buf_add_str(out, string_at(L, -1));
    lua_pop(L, 1);
}

static bool is_name(struct str s)
{
    if (!s.len || isdigit((unsigned char)*s.ptr))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!isalnum((unsigned char)s.ptr[i]) && s.ptr[i] != '_')
            return false;
    }
    return true;
}

void render_key(lua_State *L, int index, struct buf *out)
{
    if (lua_type(L, index) == LUA_TSTRING && is_name(string_at(L, index))) {
        buf_add_str(out, string_at(L, index));
        return;
    }
    buf_putc(out, '[');
    render_value(L, index, out, PREVIEW_STRING * 4);
    buf_putc(out, ']');
}

static void render_userdata(lua_State *L, int index, struct buf *out)
{
    const struct lua_job *job = lua_job_at(L, index);
    if (job) {
        buf_printf(out, "job %s", job->key);
        return;
    }
    if (!lua_getmetatable(L, index)) {
        buf_puts(out, "userdata");
        return;
    }
    lua_pushliteral(L, "__name");
    struct str name = str_of("userdata");
    if (lua_rawget(L, -2) == LUA_TSTRING)
        name = string_at(L, -1);
    if (str_starts(name, "mpijobd."))
        name = str_n(name.ptr + 8, name.len - 8);
    buf_add_str(out, name);
    lua_pop(L, 2);
}

static void render_function(lua_State *L, int index, struct buf *out)
{
    lua_Debug ar;
    lua_pushvalue(L, index);
    lua_getinfo(L, ">S", &ar);
    if (*ar.what == 'C')
        buf_puts(out, "function of mpijobd");
    else
        buf_printf(out, "function (%s:%d)", ar.short_src, ar.linedefined);
}

static void render_member(lua_State *L, int index, struct buf *out)
{
    if (lua_type(L, index) == LUA_TTABLE)
        buf_puts(out, "{...}");
    else
        render_value(L, index, out, PREVIEW_STRING);
}

static bool room(const struct buf *out, size_t begin, int members)
{
    return members < PREVIEW_MEMBERS && out->len - begin < PREVIEW_BYTES;
}

static void render_table(lua_State *L, int index, struct buf *out)
{
    size_t begin = out->len;
    lua_Integer length = (lua_Integer)lua_rawlen(L, index), at = 1;
    int members = 0;
    bool all = true;
    buf_putc(out, '{');
    for (; at <= length && room(out, begin, members); at++, members++) {
        lua_rawgeti(L, index, at);
        buf_puts(out, members ? ", " : " ");
        render_member(L, -1, out);
        lua_pop(L, 1);
    }
    all = at > length;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        bool listed = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length;
        if (!listed && !room(out, begin, members)) {
            lua_pop(L, 2);
            all = false;
            break;
        }
        if (!listed) {
            buf_puts(out, members++ ? ", " : " ");
            render_key(L, lua_gettop(L) - 1, out);
            buf_puts(out, " = ");
            render_member(L, lua_gettop(L), out);
        }
        lua_pop(L, 1);
        script_work(L, 1);
    }
    buf_puts(out, all ? members ? " }" : "}" : ", ... }");
}

void render_value(lua_State *L, int index, struct buf *out, size_t max)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        buf_puts(out, "nil");
        break;
    case LUA_TBOOLEAN:
        buf_puts(out, lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNUMBER:
        render_number(L, index, out);
        break;
    case LUA_TSTRING:
        render_string(out, string_at(L, index), max);
        break;
    case LUA_TTABLE:
        render_table(L, index, out);
        break;
    case LUA_TFUNCTION:
        render_function(L, index, out);
        break;
    case LUA_TTHREAD:
        buf_puts(out, "coroutine");
        break;
    case LUA_TUSERDATA:
        render_userdata(L, index, out);
        break;
    default:
        buf_puts(out, "userdata");
        break;
    }
}
