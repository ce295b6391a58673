/* SPDX-License-Identifier: Apache-2.0 */
/* The globals of every policy: policy, remove and exactly (lua/types/policy.lua); run (lua/types/run.lua). */
#include <lauxlib.h>
#include <string.h>

#include "binding/base/values.h"
#include "binding/modules.h"
#include "policy/values/lua_changes.h"
#include "run/lua_run.h"

#define LEVELS 64 /* calls that are gone up at most */

/* The line of the policy file that has called this, directly or by a function of a file that it requires. 0: none. */
static int line_of(lua_State *L, const char *path)
{
    lua_Debug where;
    for (int level = 1; level <= LEVELS && lua_getstack(L, level, &where); level++) {
        lua_getinfo(L, "Sl", &where);
        if (*where.source == '@' && strcmp(where.source + 1, path) == 0)
            return where.currentline;
    }
    return 0;
}

static int l_policy(lua_State *L)
{
    struct policy_file *file = script_host(L);
    if (!policy_file_loading(file))
        return luaL_error(L, "policy { ... } belongs at the top level of a file; a run cannot define policies");
    if (file->tries)
        return luaL_error(L, "a plugin defines no policy while it is loaded; a function that it exports may");
    if (lua_type(L, 1) != LUA_TTABLE)
        return luaL_error(L, "policy takes one table: policy { name = ..., schedule = ..., replace = ... }");
    if (file->defined >= POLICIES_MAX)
        return luaL_error(L, "more than %d policies in one file", POLICIES_MAX);
    policy_file_define(file, L, 1, line_of(L, file->path));
    return 0;
}

static void open_policy(lua_State *L, const struct binding_module *m)
{
    (void)m;
    lua_changes_open(L);
}

static const struct binding_function functions[] = {
    {"policy", l_policy, MAY_NOTHING}, {"exactly", NULL, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_policy = {.annotations = "policy.lua", .functions = functions, .open = open_policy};

static void open_run(lua_State *L, const struct binding_module *m)
{
    (void)m;
    lua_run_push(L);
    lua_setfield(L, -2, "run");
}

const struct binding_module module_run = {.annotations = "run.lua", .open = open_run};
