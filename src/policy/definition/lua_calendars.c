/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the function of a calendar for its days. */
#include "policy/definition/lua_calendars.h"

#include <lauxlib.h>

#include "base/buf.h"
#include "policy/definition/lua_conditions.h"

#define NEAR_MAX 64

static int unknown(lua_State *L, int calendars, const char *name, struct error *err)
{
    const char *names[NEAR_MAX + 1], *plugin = lua_calendar_plugin(L, name);
    struct buf all = BUF_INIT;
    size_t n = 0;
    if (plugin)
        return error_set(err, ERR_NOT_FOUND,
                         "\"%.80s\" is a calendar of the plugin %s; write require \"%s\" above the policy", name,
                         plugin, plugin);
    for (lua_pushnil(L); n < NEAR_MAX && lua_next(L, calendars); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            buf_printf(&all, "%s%s", n ? ", " : "", lua_tostring(L, -2));
            names[n++] = lua_tostring(L, -2);
        }
    }
    names[n] = NULL;
    const char *near = str_nearest(name, names);
    error_set(err, ERR_NOT_FOUND, "there is no calendar \"%.80s\"%s%s%s; %s%s", name, near ? " (did you mean \"" : "",
              near ? near : "", near ? "\"?)" : "",
              n ? "the plugins that the file requires have "
                : "calendars come from plugins that the file requires, as business-calendar",
              n && all.ptr ? all.ptr : "");
    buf_free(&all);
    return ERR_NOT_FOUND;
}

/* The days of the table on the top. */
static int take(lua_State *L, const char *name, struct days *days, struct error *err)
{
    int rc = 0, table = lua_gettop(L);
    if (!lua_istable(L, table))
        return error_set(err, ERR_INVALID, "the calendar \"%.80s\" gives %s; it has to give a table of days", name,
                         luaL_typename(L, table));
    for (lua_pushnil(L); !rc && lua_next(L, table); lua_pop(L, 1)) {
        int at = lua_type(L, -2) == LUA_TSTRING ? -2 : -1;
        if (lua_type(L, at) == LUA_TSTRING)
            rc = days_add(days, lua_tostring(L, at), err);
        else
            rc = error_set(err, ERR_INVALID, "it has %s as a day", luaL_typename(L, at));
    }
    if (rc) {
        struct error why = *err;
        error_set(err, why.code, "the calendar \"%.80s\" cannot be read: %s", name, why.message);
    }
    return rc;
}

int lua_calendar_read(lua_State *L, const char *name, struct days *days, struct error *err)
{
    int rc, top = lua_gettop(L);
    luaL_checkstack(L, 12, NULL);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_CALENDARS);
    lua_pushstring(L, name);
    if (lua_rawget(L, top + 1) != LUA_TTABLE) {
        lua_settop(L, top + 1);
        rc = unknown(L, top + 1, name, err);
    } else {
        lua_getfield(L, -1, "days");
        if (lua_pcall(L, 0, 1, 0) == LUA_OK)
            rc = take(L, name, days, err);
        else
            rc = error_set(err, ERR_INVALID, "the calendar \"%.80s\" has failed: %s", name,
                           lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1));
    }
    lua_settop(L, top);
    return rc;
}
