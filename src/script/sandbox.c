/* SPDX-License-Identifier: Apache-2.0 */
/* The globals of scripts, an allowlist: what is not named here does not exist for them. */
#include <lualib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "script/parts.h"

#define LOAD_PIECE 512 /* bytes of source between two looks at the clock: some texts take the parser quadratic time */

/* ---- load ---- */

struct pieces {
    struct str rest;
};

static const char *next_piece(lua_State *L, void *data, size_t *size)
{
    struct pieces *p = data;
    const char *piece = p->rest.ptr;
    *size = p->rest.len < LOAD_PIECE ? p->rest.len : LOAD_PIECE;
    script_work(L, (size_t)LOAD_PIECE * 4);
    p->rest.ptr += *size;
    p->rest.len -= *size;
    return piece;
}

/* As Lua's own loader of files: no byte order mark, no "#!" line. */
struct str script_source_body(struct str source)
{
    if (str_starts(source, "\xEF\xBB\xBF"))
        source = str_n(source.ptr + 3, source.len - 3);
    if (source.len && *source.ptr == '#') {
        const char *end = memchr(source.ptr, '\n', source.len);
        size_t n = end ? (size_t)(end - source.ptr) : source.len;
        source = str_n(source.ptr + n, source.len - n); /* from the line's end on, so that lines keep their numbers */
    }
    return source;
}

int script_load_text(lua_State *L, struct str source, const char *chunk)
{
    struct pieces p = {source};
    return lua_load(L, next_piece, &p, chunk, "t");
}

void script_compile(lua_State *L, struct str source, const char *name)
{
    if (source.len > SCRIPT_SOURCE_MAX)
        luaL_error(L, "%s: the file is longer than %d bytes", name, SCRIPT_SOURCE_MAX);
    const char *chunk = lua_pushfstring(L, "@%s", name);
    if (script_load_text(L, script_source_body(source), chunk) != LUA_OK)
        lua_error(L);
    script_note_globals(L, name);
    lua_remove(L, -2);
}

static int no_function(lua_State *L)
{
    luaL_pushfail(L);
    lua_insert(L, -2);
    return 2;
}

/* (function): the pieces that it returns, as one string. */
static int gather(lua_State *L)
{
    size_t total = 0, len;
    lua_Integer n = 0;
    luaL_Buffer b;
    lua_settop(L, 1);
    lua_newtable(L);
    for (;; n++) {
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1))
            break;
        if (!lua_isstring(L, -1))
            luaL_error(L, "reader function must return a string");
        lua_tolstring(L, -1, &len);
        if (len == 0)
            break;
        if ((total += len) > SCRIPT_SOURCE_MAX)
            luaL_error(L, "load: the text is longer than %d bytes", SCRIPT_SOURCE_MAX);
        lua_rawseti(L, 2, n + 1);
        script_work(L, 64);
    }
    luaL_buffinit(L, &b);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 2, i);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    return 1;
}

/* load(chunk [, name [, mode [, env]]]): text only. */
static int l_load(lua_State *L)
{
    const char *mode = luaL_optstring(L, 3, "bt");
    bool has_env = !lua_isnone(L, 4);
    const char *text = lua_tostring(L, 1);
    const char *name = luaL_optstring(L, 2, text ? text : "=(load)");
    if (!text) {
        luaL_checktype(L, 1, LUA_TFUNCTION);
        lua_settop(L, 4);
        lua_pushcfunction(L, gather);
        lua_pushvalue(L, 1);
        if (lua_pcall(L, 1, 1, 0) != LUA_OK)
            return no_function(L);
    } else {
        lua_settop(L, 4);
        lua_pushvalue(L, 1);
    }
    struct str source;
    source.ptr = lua_tolstring(L, -1, &source.len);
    if (source.len > SCRIPT_SOURCE_MAX) {
        lua_pushfstring(L, "load: the text is longer than %d bytes", SCRIPT_SOURCE_MAX);
        return no_function(L);
    }
    if (!strchr(mode, 't')) {
        lua_pushfstring(L, "attempt to load a text chunk (mode is '%s')", mode);
        return no_function(L);
    }
    if (script_load_text(L, source, name) != LUA_OK)
        return no_function(L);
    if (has_env) {
        lua_pushvalue(L, 4);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    return 1;
}

/* ---- the base library's changed functions ---- */

static int l_setmetatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) /* a finaliser could not be interrupted: hooks are off there */
            return luaL_error(L, "setmetatable: __gc is not available here; use __close and a local variable <close>");
        lua_pushliteral(L, "__mode");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "setmetatable: __mode is not available here: there are no weak tables");
        lua_pushliteral(L, "__concat");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(
                L, "setmetatable: __concat is not available here; use __tostring and tostring(value) .. text");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

/* The message handler of an xpcall, around the script's. For an error that the hook raises, Lua calls it with hooks
 * still off: the script's function could run for ever there. */
static int on_xpcall_error(lua_State *L)
{
    const struct meter *m = script_of(L)->meter;
    if (m && m->verdict != VERDICT_NONE)
        return 1;
    script_raised(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int xpcall_over(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 2; /* all but the function and the handler */
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int l_xpcall(lua_State *L)
{
    int n = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, on_xpcall_error, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    return xpcall_over(L, lua_pcallk(L, n - 2, LUA_MULTRET, 2, 0, xpcall_over), 0);
}

static int pcall_over(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 1; /* all but the handler */
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

int script_pcall(lua_State *L, lua_CFunction handler)
{
    int n = lua_gettop(L);
    luaL_checkany(L, 1);
    lua_pushcfunction(L, handler);
    lua_pushboolean(L, 1);
    lua_rotate(L, 1, 2);
    return pcall_over(L, lua_pcallk(L, n - 1, LUA_MULTRET, 1, 0, pcall_over), 0);
}

static int l_pcall(lua_State *L)
{
    return script_pcall(L, script_blame_handler);
}

static int l_print(lua_State *L)
{
    return luaL_error(L, "print has nowhere to write to here; use log.info(message)");
}

/* ---- functions of Lua that take time by the length of a string, or by their arguments: their work is counted ---- */

static int counted(lua_State *L)
{
    size_t units = (size_t)lua_gettop(L) * 4;
    for (int i = lua_gettop(L); i > 0; i--)
        if (lua_type(L, i) == LUA_TSTRING)
            units += lua_rawlen(L, i);
    script_work(L, units);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void script_count_field(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, counted, 1);
    lua_setfield(L, -2, name);
}

static void open_utf8(lua_State *L)
{
    static const char *const linear[] = {"char", "codepoint", "len", "offset", NULL};
    luaopen_utf8(L);
    for (const char *const *name = linear; *name; name++)
        script_count_field(L, *name);
}

/* The base library, less what is not on the list, into the globals. */
static void open_base(lua_State *L)
{
    static const char *const kept[] = {"assert",   "error",  "getmetatable", "ipairs", "next",   "pairs",
                                       "rawequal", "rawget", "rawlen",       "rawset", "select", "tonumber",
                                       "tostring", "type",   "_VERSION",     NULL};
    static const luaL_Reg own[] = {{"load", l_load},     {"pcall", l_pcall},
                                   {"print", l_print},   {"setmetatable", l_setmetatable},
                                   {"xpcall", l_xpcall}, {NULL, NULL}};
    lua_newtable(L); /* the globals to be */
    luaopen_base(L); /* into the present ones */
    for (const char *const *name = kept; *name; name++) {
        lua_getfield(L, -1, *name);
        lua_setfield(L, -3, *name);
    }
    lua_pop(L, 1);
    script_count_field(L, "tonumber");
    luaL_setfuncs(L, own, 0);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

/* The table on the top becomes the global `name`, and what Lua looks names of functions up in for its messages. */
static void publish(lua_State *L, const char *name)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
    lua_pushglobaltable(L);
    lua_insert(L, -2);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* Strings share a metatable, which makes ("x"):rep(3) and "10" + 1 work. No script can reach it to change it. */
static void lock_strings(lua_State *L)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

/* Metatables of scripts have no such field, however it is set: Lua keeps the name as one string, with which it looks
 * into a metatable. That string becomes another one, that no script can guess; a script's own is then a name like any
 * other. (A metatable can be changed after setmetatable has seen it, so it is not enough to look there.) */
static void forget(lua_State *L, const char *field)
{
    char *name = (char *)(uintptr_t)lua_pushstring(L, field); // NOLINT(performance-no-int-to-ptr)
    size_t len = lua_rawlen(L, -1);
    if (getentropy(name, len) != 0) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        memcpy(name, &t.tv_nsec, len);
    }
    lua_pop(L, 1);
}

/* No weak tables: those with weak keys make a part of the collector, which nothing can interrupt, take time by the
 * square of their size.
 *
 * No __concat: where such a function makes Lua's stack move, luaV_concat of Lua 5.4.4 goes on with the stack's former
 * place, which is memory that was given back. */
static void forget_fields(lua_State *L)
{
    forget(L, "__mode");
    forget(L, "__concat");
}

int script_open_libraries(lua_State *L)
{
    forget_fields(L);
    open_base(L);
    publish(L, LUA_GNAME);
    luaopen_math(L);
    publish(L, LUA_MATHLIBNAME);
    open_utf8(L);
    publish(L, LUA_UTF8LIBNAME);
    script_open_coroutine(L);
    publish(L, LUA_COLIBNAME);
    script_open_table(L);
    publish(L, LUA_TABLIBNAME);
    script_open_string(L);
    publish(L, LUA_STRLIBNAME);
    lock_strings(L);
    return 0;
}
