/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin's own files have as `plugin` (lua/types/plugin.lua): lua/mpijobd/plugin.lua, and what that is given.
 * Everywhere else `plugin` says where it belongs. */
#include <lauxlib.h>
#include <string.h>

#include "binding/base/values.h"
#include "binding/modules.h"
#include "binding/require_parts.h"
#include "policy/definition/lua_calendars.h"
#include "policy/definition/lua_conditions.h"
#include "policy/definition/lua_match.h"
#include "policy/load_errors.h"
#include "policy/source/definition_line.h"
#include "policy/values/lua_json.h"
#include "script/embedded.h"
#include "time/duration.h"

#define LEVELS 64 /* calls that are gone up at most */
#define NAMES 128 /* to look for a near one in */
#define SAID_MAX 65536
#define SINKS "mpijobd.sinks" /* in the registry: whose the sinks are that plugins have added to notify */

/* ---- natives; those with an upvalue have the plugin there ---- */

static struct plugin *plugin_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* Keeps the line of plugin.lua from which this was called; upvalue 2 is a table with `line`. */
static int l_begin(lua_State *L)
{
    lua_Debug where;
    int line = 1;
    const struct plugin *p = plugin_of(L);
    const char *path = lua_pushfstring(L, "@%s/%s", p->path, PLUGIN_FILE);
    for (int level = 1; level <= LEVELS && lua_getstack(L, level, &where); level++) {
        lua_getinfo(L, "Sl", &where);
        if (strcmp(where.source, path) == 0) {
            line = where.currentline;
            break;
        }
    }
    lua_pushinteger(L, line);
    lua_setfield(L, lua_upvalueindex(2), "line");
    return 0;
}

/* place(key or nil): line and byte of the key's last part in plugin.lua. */
static int l_place(lua_State *L)
{
    const struct plugin_file *f = plugin_file(plugin_of(L), PLUGIN_FILE);
    const char *key = luaL_optstring(L, 1, NULL);
    lua_getfield(L, lua_upvalueindex(2), "line");
    struct definition_place place = definition_place(f->text.ptr, f->text.len, (int)lua_tointeger(L, -1), key, NULL);
    script_work(L, f->text.len / 4);
    lua_pushinteger(L, place.line);
    lua_pushinteger(L, (lua_Integer)place.at);
    return 2;
}

/* report(file, line, byte, message): true where the plugin is being tried, and that is enough. */
static int l_report(lua_State *L)
{
    const struct policy_file *file = script_host(L);
    bool tried = file->tries && file->tries == plugin_of(L);
    if (tried)
        load_error_add(file->set, MISTAKE_PLUGIN, luaL_checkstring(L, 1), (int)luaL_checkinteger(L, 2),
                       (size_t)luaL_checkinteger(L, 3), luaL_checkstring(L, 4));
    lua_pushboolean(L, tried);
    return 1;
}

/* said(table): kept as JSON where the plugin is being tried. */
static int l_said(lua_State *L)
{
    const struct policy_file *file = script_host(L);
    struct plugin *p = plugin_of(L);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (!file->tries || file->tries != p || p->said)
        return 0;
    if (binding_json_push(L, 1, SAID_MAX, err))
        return luaL_error(L, "what plugin { ... } says cannot be kept: %s", err->message);
    p->said = str_dup(str_of(lua_tostring(L, -1)));
    return p->said ? 0 : luaL_error(L, "out of memory");
}

/* file(name): the text of a file of the plugin's; nil: it has no such file. */
static int l_file(lua_State *L)
{
    const struct plugin_file *f = plugin_file(plugin_of(L), luaL_checkstring(L, 1));
    if (f)
        lua_pushlstring(L, f->text.ptr ? f->text.ptr : "", f->text.len);
    else
        lua_pushnil(L);
    return 1;
}

/* duration(value): seconds; nil: the value is no duration. */
static int l_duration(lua_State *L)
{
    int64_t us, whole;
    if (lua_whole(L, 1, &whole) && whole >= 0)
        lua_pushinteger(L, whole);
    else if (lua_type(L, 1) == LUA_TSTRING && duration_parse(lua_tostring(L, 1), &us, NULL) == 0)
        lua_pushinteger(L, us / 1000000);
    else
        lua_pushnil(L);
    return 1;
}

/* names[] from the list at index, NULL-terminated; they are anchored by it. */
static void take_names(lua_State *L, int index, const char *names[NAMES + 1])
{
    int n = 0;
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_Integer i = 1; n < NAMES && lua_rawgeti(L, index, i) == LUA_TSTRING; i++) {
        names[n++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    names[n] = NULL;
}

static int l_nearest(lua_State *L)
{
    const char *names[NAMES + 1];
    take_names(L, 2, names);
    lua_pushstring(L, str_nearest(luaL_checkstring(L, 1), names));
    return 1;
}

static int l_among(lua_State *L)
{
    const char *names[NAMES + 1];
    bool there = false;
    take_names(L, 2, names);
    for (int i = 0; names[i] && lua_type(L, 1) == LUA_TSTRING && !there; i++)
        there = strcmp(names[i], lua_tostring(L, 1)) == 0;
    lua_pushboolean(L, there);
    return 1;
}

static int l_is_module(lua_State *L)
{
    struct binding_module m;
    bool is = false;
    for (size_t i = 0; !is && binding_module_at(i, &m); i++)
        is = m.name && strcmp(m.name, luaL_checkstring(L, 1)) == 0;
    lua_pushboolean(L, is);
    return 1;
}

static int l_is_condition(lua_State *L)
{
    lua_pushboolean(L, lua_match_has(luaL_checkstring(L, 1)));
    return 1;
}

/* ---- putting them together ---- */

/* A member of the table on the top: an object, {} where the text is empty. */
static void set_object(lua_State *L, const char *key, const struct buf *text)
{
    struct json root;
    if (text->len && json_parse(buf_str(text), "", &root, NULL) == 0)
        lua_json_push(L, root);
    else
        lua_newtable(L);
    lua_setfield(L, -2, key);
}

static void set_text(lua_State *L, const char *key, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

/* columns(list): kept for the report, where the plugin is being tried. */
static int l_columns(lua_State *L)
{
    const struct policy_file *file = script_host(L);
    if (file->tries && file->tries == plugin_of(L)) {
        lua_settop(L, 1);
        lua_setfield(L, LUA_REGISTRYINDEX, PLUGIN_COLUMNS);
    }
    return 0;
}

/* part(name): another file of lua/mpijobd as a function. */
static int l_part(lua_State *L)
{
    const struct {
        const char *name;
        struct str text;
    } parts[] = {{"options", {embedded_plugin_options, embedded_plugin_options_len}},
                 {"adds", {embedded_plugin_adds, embedded_plugin_adds_len}},
                 {"sinks", {embedded_plugin_sinks, embedded_plugin_sinks_len}},
                 {"kinds", {embedded_plugin_kinds, embedded_plugin_kinds_len}},
                 {"kind", {embedded_plugin_kind, embedded_plugin_kind_len}}};
    const char *name = luaL_checkstring(L, 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(parts[i].name, name) == 0 &&
            luaL_loadbufferx(L, parts[i].text.ptr, parts[i].text.len, "=plugin", "t") == LUA_OK)
            return 1;
    }
    return lua_error(L); /* what was last pushed: memory is out */
}

static void push_natives(lua_State *L, struct plugin *p)
{
    static const luaL_Reg own[] = {{"begin", l_begin}, {"place", l_place},     {"report", l_report}, {"said", l_said},
                                   {"file", l_file},   {"columns", l_columns}, {NULL, NULL}};
    static const luaL_Reg others[] = {{"part", l_part},   {"duration", l_duration},   {"nearest", l_nearest},
                                      {"among", l_among}, {"is_module", l_is_module}, {"is_condition", l_is_condition},
                                      {NULL, NULL}};
    lua_newtable(L);
    lua_pushlightuserdata(L, p);
    lua_createtable(L, 0, 1);
    luaL_setfuncs(L, own, 2);
    luaL_setfuncs(L, others, 0);
    plugin_kind_natives(L);
    lua_pushfstring(L, "%s/%s", p->path, PLUGIN_FILE);
    lua_setfield(L, -2, "path");
    set_text(L, "name", p->name);
    set_text(L, "from", p->from);
    set_number(L, "line", p->line);
    set_number(L, "api", PLUGIN_API);
    set_number(L, "oldest", PLUGIN_API_OLDEST);
    set_object(L, "options", &p->options);
    set_object(L, "lines", &p->lines);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_CONDITIONS);
    lua_setfield(L, -2, "conditions");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_CALENDARS);
    lua_setfield(L, -2, "calendars");
    luaL_getsubtable(L, LUA_REGISTRYINDEX, SINKS);
    lua_setfield(L, -2, "sinks");
}

void plugin_push(lua_State *L, struct plugin *p)
{
    if (luaL_loadbufferx(L, embedded_plugin, embedded_plugin_len, "=plugin", "t"))
        lua_error(L);
    push_natives(L, p);
    lua_call(L, 1, 2);
}

/* ---- the global ---- */

static int l_plugin(lua_State *L)
{
    return luaL_error(L, "plugin { ... } belongs in the file plugin.lua of a plugin's folder");
}

static const struct binding_function functions[] = {{"plugin", l_plugin, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_plugin = {.annotations = "plugin.lua", .functions = functions};
