/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: counters and gauges of a policy's own (lua/types/metrics.lua). */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "binding/base/values.h"
#include "binding/outside/outside_modules.h"
#include "outside/own_metrics.h"
#include "run/lua_run.h"
#include "run/run.h"

/* The labels at index, sorted by name; their texts stay on the stack. */
static size_t read_labels(lua_State *L, int index, struct own_label labels[OWN_LABELS_MAX])
{
    size_t n = 0;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        size_t len;
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "labels are a table of names and values");
        if (n == OWN_LABELS_MAX)
            luaL_error(L, "a metric has at most %d labels", OWN_LABELS_MAX);
        if (lua_type(L, -1) == LUA_TNIL || lua_type(L, -1) == LUA_TTABLE || lua_type(L, -1) == LUA_TUSERDATA)
            luaL_error(L, "the label %s has to be a string, a number, true or false", lua_tostring(L, -2));
        const char *value = luaL_tolstring(L, -1, &len);
        if (strlen(value) != len)
            luaL_error(L, "the label %s holds a NUL byte", lua_tostring(L, -3));
        struct own_label label = {lua_tostring(L, -3), value};
        size_t at = n++;
        for (; at > 0 && strcmp(labels[at - 1].name, label.name) > 0; at--)
            labels[at] = labels[at - 1];
        labels[at] = label;
        lua_remove(L, -2);
        lua_insert(L, -2); /* the text below the key, which goes on */
    }
    return n;
}

static int count(lua_State *L, const char *call, bool counter, double value)
{
    struct own_label labels[OWN_LABELS_MAX];
    struct run *run = check_may_write(L, call);
    const char *name = luaL_checkstring(L, 1);
    if (!isfinite(value) || (counter && value < 0))
        return luaL_error(L, "%s: %s", call,
                          counter ? "a counter only grows: 0 or more expected" : "a number expected");
    if (!env_of(L)->outside || run_looks(run))
        return 0;
    luaL_checkstack(L, 16, NULL);
    size_t n = read_labels(L, 3, labels);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    script_work(L, 200);
    if (own_metric(env_of(L)->outside, run->policy->name, counter, name, value, labels, n, err))
        return luaL_error(L, "%s: %s", call, err->message);
    return 0;
}

/* (name [, n [, labels]]) */
static int l_count(lua_State *L)
{
    return count(L, "metrics.count", true, luaL_optnumber(L, 2, 1));
}

/* (name, value [, labels]) */
static int l_gauge(lua_State *L)
{
    return count(L, "metrics.gauge", false, luaL_checknumber(L, 2));
}

static const struct binding_function functions[] = {
    {"count", l_count, MAY_NOTHING}, {"gauge", l_gauge, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_metrics = {.name = "metrics", .annotations = "metrics.lua", .functions = functions};
