/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the modules that policies see, and opening them. */
#include "binding/modules.h"

#include <stdint.h>

#include "binding/fault.h"
#include "policy/definition/lua_conditions.h"
#include "policy/load.h"

static const struct binding_module *const modules[] = {
    &module_policy,     &module_run,     &module_kube,   &module_log,  &module_time,   &module_sleep,   &module_json,
    &module_cjson,      &module_require, &module_secret, &module_http, &module_store,  &module_metrics, &module_notify,
    &module_prometheus, &module_yaml,    &module_plugin, &module_why,  &module_events,
};
#define MODULES (sizeof modules / sizeof *modules)

bool binding_module_at(size_t index, struct binding_module *module)
{
    if (index < MPIJOB_KINDS_BUILT_IN) {
        *module = module_of_kinds;
        module->kind = mpijob_kind_at(index);
        module->name = mpijob_kind_info(module->kind)->singular;
        return true;
    }
    index -= MPIJOB_KINDS_BUILT_IN;
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

/* Into the table on top of the stack. */
static void set_functions(lua_State *L, const struct binding_module *m)
{
    for (const struct binding_function *f = m->functions; f && f->name; f++) {
        if (!f->call)
            continue;
        if (m->of_a_kind)
            lua_pushlightuserdata(L, (void *)(uintptr_t)m->kind);
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
    const struct policy_file *file = script_host(L);
    struct binding_module m;
    lua_newtable(L);
    for (size_t i = 0; binding_module_at(i, &m); i++)
        open_module(L, &m);
    lua_setfield(L, LUA_REGISTRYINDEX, MODULES_OPENED);
    fault_open(L);
    lua_conditions_open(L, file ? file->plugins : NULL);
    return 0;
}
