/* SPDX-License-Identifier: Apache-2.0 */
/* The conditions of plugins: a list of { name, plugin, test, value, wanted }, and the function that goes through it. */
#include "policy/definition/lua_conditions.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "plugin/plugin.h"
#include "policy/values/lua_job_kueue.h"
#include "policy/values/lua_json.h"
#include "script/script.h"
#include "json/value.h"

#define PLUGINS "mpijobd.plugins" /* in the registry: what lua_conditions_open was given */
#define WANTED_MAX 200            /* bytes of a value, for people */

bool lua_conditions_has(lua_State *L, const char *name)
{
    bool has = lua_getfield(L, LUA_REGISTRYINDEX, LUA_CONDITIONS) == LUA_TTABLE;
    if (has) {
        lua_pushstring(L, name);
        has = lua_rawget(L, -2) == LUA_TTABLE;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return has;
}

size_t lua_conditions_names(lua_State *L, const char **names, size_t room)
{
    int top = lua_gettop(L);
    size_t n = 0;
    if (lua_getfield(L, LUA_REGISTRYINDEX, LUA_CONDITIONS) == LUA_TTABLE) {
        for (lua_pushnil(L); n < room && lua_next(L, -2); lua_pop(L, 1)) {
            if (lua_type(L, -2) == LUA_TSTRING)
                names[n++] = lua_tostring(L, -2);
        }
    }
    lua_settop(L, top);
    return n;
}

static bool says(const struct plugin *p, const char *list, const char *member, const char *name)
{
    struct json root;
    if (!p->said || json_parse(str_of(p->said), "", &root, NULL))
        return false;
    for (struct json_iter it = json_iter(json_get(root, list)); json_next(&it);) {
        if (json_string_is(json_get(it.value, member), str_of(name)))
            return true;
    }
    return false;
}

void lua_conditions_open(lua_State *L, const struct plugins *plugins)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)plugins);
    lua_setfield(L, LUA_REGISTRYINDEX, PLUGINS);
}

static const char *saying(lua_State *L, const char *list, const char *member, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, PLUGINS);
    const struct plugins *plugins = lua_touserdata(L, -1);
    lua_pop(L, 1);
    for (size_t i = 0; plugins && i < plugins->count; i++) {
        if (says(plugins->items[i], list, member, name))
            return plugins->items[i]->name;
    }
    return NULL;
}

const char *lua_conditions_plugin(lua_State *L, const char *name)
{
    return saying(L, "conditions", "name", name);
}

const char *lua_calendar_plugin(lua_State *L, const char *name)
{
    return saying(L, "calendars", "name", name);
}

const char *lua_kind_plugin(lua_State *L, const char *kind)
{
    const char *plugin = saying(L, "kinds", "kind", kind);
    return plugin ? plugin : saying(L, "kinds", "name", kind);
}

/* Pushes the value at index as JSON, shortened; what JSON does not have, in words. */
static void push_wanted(lua_State *L, int index)
{
    char text[WANTED_MAX];
    struct buf json;
    struct error err;
    buf_init(&json, sizeof text - 1);
    if (lua_json_read(L, index, &json, &err))
        lua_describe(L, index, text, sizeof text);
    else
        snprintf(text, sizeof text, "%s", json.ptr);
    buf_free(&json);
    lua_pushstring(L, text);
}

/* check(value): nothing or the value that the test gets; nil and a message: it is wrong. Leaves the value on top. */
static int check(lua_State *L, int condition, int index, struct error *err)
{
    int top = lua_gettop(L);
    if (lua_getfield(L, condition, "check") == LUA_TNIL) {
        lua_settop(L, top);
        lua_pushvalue(L, index);
        return 0;
    }
    lua_pushcfunction(L, script_blame_handler);
    lua_insert(L, -2);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 2, -3) != LUA_OK) {
        const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "its check failed";
        return error_set(err, ERR_INVALID, "cannot be checked: %s", message);
    }
    if (lua_type(L, -1) == LUA_TSTRING && !lua_toboolean(L, -2))
        return error_set(err, ERR_INVALID, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushvalue(L, index);
    }
    return 0;
}

int lua_conditions_add(lua_State *L, int list, const char *name, int index, struct error *err)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 12, NULL);
    index = lua_absindex(L, index);
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_CONDITIONS);
    lua_getfield(L, -1, name);
    int condition = lua_gettop(L), rc = check(L, condition, index, err);
    if (!rc) {
        int value = lua_gettop(L);
        lua_createtable(L, 0, 5);
        lua_pushstring(L, name);
        lua_setfield(L, -2, "name");
        lua_getfield(L, condition, "plugin");
        lua_setfield(L, -2, "plugin");
        lua_getfield(L, condition, "test");
        lua_setfield(L, -2, "test");
        lua_pushvalue(L, value);
        lua_setfield(L, -2, "value");
        push_wanted(L, index);
        lua_setfield(L, -2, "wanted");
        lua_rawseti(L, list, (lua_Integer)lua_rawlen(L, list) + 1);
    }
    lua_settop(L, top);
    return rc;
}

/* ---- per job: (job); upvalues: the list, the policy's `where` or nil ---- */

/* Raises unless the answer on the top, of the condition of that number, is true or false. */
static bool answer(lua_State *L, lua_Integer at)
{
    if (lua_isboolean(L, -1))
        return lua_toboolean(L, -1);
    lua_rawgeti(L, lua_upvalueindex(1), at);
    lua_getfield(L, -1, "name");
    lua_getfield(L, -2, "plugin");
    return luaL_error(L, "the condition %s of the plugin %s answered %s; it has to answer true or false",
                      lua_tostring(L, -2), lua_tostring(L, -1), luaL_typename(L, -4));
}

static int where_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L) - 1;
}

static int asked_k(lua_State *L, int status, lua_KContext at)
{
    (void)status;
    for (;; at++) {
        if (at && !answer(L, at)) {
            lua_pushboolean(L, 0);
            return 1;
        }
        lua_settop(L, 1);
        if (lua_rawgeti(L, lua_upvalueindex(1), at + 1) != LUA_TTABLE)
            break;
        lua_getfield(L, -1, "test");
        lua_pushvalue(L, 1);
        lua_getfield(L, -3, "value");
        lua_callk(L, 2, 1, at + 1, asked_k);
    }
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(2));
    if (lua_isnil(L, -1)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushvalue(L, 1);
    lua_callk(L, 1, 1, 0, where_k);
    return where_k(L, LUA_OK, 0);
}

static int ask(lua_State *L)
{
    return asked_k(L, LUA_OK, 0);
}

void lua_conditions_join(lua_State *L)
{
    lua_pushcclosure(L, ask, 2);
}

/* ---- for people ---- */

bool lua_conditions_at(lua_State *L, int where, int number, struct lua_condition *out)
{
    int top = lua_gettop(L);
    *out = (struct lua_condition){0};
    lua_rawgeti(L, LUA_REGISTRYINDEX, where);
    if (lua_tocfunction(L, -1) == ask && lua_getupvalue(L, -1, 1) && lua_rawgeti(L, -1, number) == LUA_TTABLE) {
        lua_getfield(L, -1, "name");
        out->name = lua_tostring(L, -1);
        lua_getfield(L, -2, "wanted");
        out->wanted = lua_tostring(L, -1);
        lua_getfield(L, -3, "plugin");
        out->plugin = lua_tostring(L, -1);
    }
    lua_settop(L, top);
    return out->name != NULL;
}

unsigned lua_conditions_kueue(lua_State *L, int where)
{
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, where);
    unsigned states = lua_tocfunction(L, -1) == ask && lua_getupvalue(L, -1, 1) ? lua_kueue_states(L) : 0;
    lua_settop(L, top);
    return states;
}

void lua_conditions_split(lua_State *L)
{
    int where = lua_gettop(L);
    if (lua_tocfunction(L, where) != ask) {
        lua_pushnil(L);
        lua_insert(L, where);
        return;
    }
    lua_getupvalue(L, where, 1);
    lua_getupvalue(L, where, 2);
    lua_remove(L, where);
}

bool lua_conditions_own(lua_State *L, int where)
{
    int top = lua_gettop(L);
    bool own = lua_rawgeti(L, LUA_REGISTRYINDEX, where) == LUA_TFUNCTION;
    if (own && lua_tocfunction(L, -1) == ask)
        own = lua_getupvalue(L, -1, 2) && !lua_isnil(L, -1);
    lua_settop(L, top);
    return own;
}
