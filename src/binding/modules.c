/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the modules that policies see; opening them, and `require`. */
#include "binding/modules.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static int l_require(lua_State *L);

static const struct binding_function require_functions[] = {{"require", l_require, MAY_NOTHING}, {NULL, NULL, 0}};
static const struct binding_module module_require = {.functions = require_functions};

static const struct binding_module *const modules[] = {
    &module_policy, &module_run,  &module_kube,  &module_log,     &module_time,
    &module_sleep,  &module_json, &module_cjson, &module_require,
};
#define MODULES (sizeof modules / sizeof *modules)

bool binding_module_at(size_t index, struct binding_module *module)
{
    if (index < MPIJOB_KINDS) {
        *module = module_of_kinds;
        module->kind = (enum mpijob_kind)index;
        module->name = mpijob_kind_info(module->kind)->singular;
        return true;
    }
    index -= MPIJOB_KINDS;
    if (index < MODULES)
        *module = *modules[index];
    return index < MODULES;
}

const struct binding_function *binding_function_of(const struct binding_module *module, struct str name)
{
    for (const struct binding_function *f = module->functions; f && f->name; f++) {
        if (str_is(name, f->name))
            return f;
    }
    return NULL;
}

/* ---- opening ---- */

/* In the registry: the tables of the modules by name, as opened; a script may overwrite its globals. */
#define OPENED "mpijobd.modules"

/* Into the table on top of the stack. */
static void set_functions(lua_State *L, const struct binding_module *m)
{
    for (const struct binding_function *f = m->functions; f && f->name; f++) {
        if (!f->call)
            continue;
        if (m->of_a_kind)
            lua_pushinteger(L, m->kind);
        lua_pushcclosure(L, f->call, m->of_a_kind ? 1 : 0);
        lua_setfield(L, -2, f->name);
    }
}

/* The table of opened modules is on top of the stack. */
static void open_module(lua_State *L, const struct binding_module *m)
{
    if (m->late)
        return;
    if (m->name)
        lua_newtable(L);
    else
        lua_pushglobaltable(L);
    set_functions(L, m);
    if (m->open)
        m->open(L, m);
    if (m->name) {
        lua_pushvalue(L, -1);
        lua_setglobal(L, m->name);
        lua_setfield(L, -2, m->name);
    } else {
        lua_pop(L, 1);
    }
}

int binding_open(lua_State *L)
{
    struct binding_module m;
    lua_newtable(L);
    for (size_t i = 0; binding_module_at(i, &m); i++)
        open_module(L, &m);
    lua_setfield(L, LUA_REGISTRYINDEX, OPENED);
    return 0;
}

/* ---- require ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int no_module(lua_State *L, const char *name)
{
    const char *names[MPIJOB_KINDS + MODULES];
    struct binding_module m;
    size_t n = 0;
    luaL_Buffer b;
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (m.name)
            names[n++] = m.name;
    }
    qsort(names, n, sizeof *names, by_name);
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < n; i++) {
        luaL_addstring(&b, i ? ", " : "");
        luaL_addstring(&b, names[i]);
    }
    luaL_pushresult(&b);
    return luaL_error(L, "there is no module \"%s\" for policies; there are %s", name, lua_tostring(L, -1));
}

static lua_CFunction late_module(const char *name)
{
    struct binding_module m;
    for (size_t i = 0; binding_module_at(i, &m); i++) {
        if (m.late && strcmp(m.name, name) == 0)
            return m.late;
    }
    return NULL;
}

static int l_require(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, OPENED);
    if (lua_getfield(L, 2, name) != LUA_TNIL)
        return 1;
    lua_CFunction late = late_module(name);
    if (!late)
        return no_module(L, name);
    lua_pushcfunction(L, late);
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);
    return 1;
}
