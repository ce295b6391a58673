/* SPDX-License-Identifier: Apache-2.0 */
/* require of a plugin, and of the files within one. They are in memory: nothing is read here. A plugin runs in the
 * state of the file that requires it, with globals of its own behind which are those of that file. */
#include <lauxlib.h>
#include <string.h>

#include "binding/base/values.h"
#include "binding/require_parts.h"

static struct plugin *plugin_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

/* Pushes the file's function, in the plugin's globals, which are at `env`. Raises. */
static void push_file(lua_State *L, struct policy_file *file, const struct plugin *p, const struct plugin_file *f,
                      int env)
{
    const char *path = lua_pushfstring(L, "%s/%s", p->path, f->name);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (policy_file_add_source(file, path, buf_str(&f->text), err))
        luaL_error(L, "%s", err->message);
    if (!require_compile(L, buf_str(&f->text), path))
        lua_error(L);
    lua_pushvalue(L, env);
    if (!lua_setupvalue(L, -2, 1)) /* _ENV; it is missing where the file uses no globals */
        lua_pop(L, 1);
}

/* ---- its own files: (name) with the upvalues plugin and globals ---- */

/* The name at index 1 becomes the one under which the file is kept. */
static int require_file(lua_State *L, struct policy_file *file, const struct plugin *p, const struct plugin_file *f)
{
    const char *name = lua_pushfstring(L, "%s/%s", p->name, lua_tostring(L, 1));
    lua_insert(L, 1); /* before the name as it was required */
    if (require_known(L, name))
        return 1;
    require_check_circle(L, name);
    lua_pushvalue(L, lua_upvalueindex(2));
    push_file(L, file, p, f, lua_gettop(L));
    lua_pushvalue(L, 2);
    lua_pushfstring(L, "%s/%s", p->path, f->name);
    return require_call(L, require_called, 0);
}

static int l_plugin_require(lua_State *L)
{
    char file_name[REQUIRE_NAME_MAX + 8];
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    struct policy_file *file = script_host(L);
    struct plugin *p = plugin_of(L);
    const struct plugin_file *f = NULL;
    lua_settop(L, 1);
    if (strlen(name) == len && require_names_a_file(name)) {
        require_file_name(name, file_name);
        f = plugin_file(p, file_name);
    }
    if (f && policy_file_takes_plugins(file))
        return require_file(L, file, p, f);
    if (f) { /* in a run: what was loaded */
        lua_pushfstring(L, "%s/%s", p->name, name);
        if (require_known(L, lua_tostring(L, -1)))
            return 1;
    }
    struct plugin *other = plugins_find(file->plugins, name);
    if (other) {
        lua_settop(L, 1);
        return require_plugin(L, file, other);
    }
    if (require_known(L, name))
        return 1;
    return require_none(L, "plugins", name, lua_pushfstring(L, ", and no such file in the plugin %s", p->name),
                        f ? "; a file is required while plugin.lua is being loaded" : "");
}

/* ---- the plugin ---- */

/* Its globals: `plugin` and `require` are its own. Pushes them. On the top is what it has as `plugin`. */
static void push_globals(lua_State *L, struct plugin *p)
{
    lua_newtable(L);
    lua_insert(L, -2);
    lua_setfield(L, -2, "plugin");
    lua_pushlightuserdata(L, p);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, l_plugin_require, 2);
    lua_setfield(L, -2, "require");
    lua_createtable(L, 0, 1);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* At 1 the name, at 2 the function that gives the exports; above, what the file returned, or its error. */
static int plugin_called_k(lua_State *L, int status, lua_KContext ctx)
{
    struct plugin *p = (struct plugin *)ctx; // NOLINT(performance-no-int-to-ptr)
    const struct policy_file *file = script_host(L);
    require_leave(L);
    if (status != LUA_OK && status != LUA_YIELD)
        return lua_error(L);
    lua_settop(L, 2);
    lua_call(L, 0, 2);
    if (lua_isnil(L, 2))
        return luaL_error(L, "%s/%s:1: it does not call plugin { name = \"%s\", version = \"1.0.0\", api = %d, ... }",
                          p->path, PLUGIN_FILE, p->name, PLUGIN_API);
    if (file->tries == p)
        p->good = !lua_toboolean(L, 3);
    lua_settop(L, 2);
    require_keep(L);
    return 1;
}

int require_plugin(lua_State *L, struct policy_file *file, struct plugin *p)
{
    if (require_known(L, p->name)) {
        policy_file_add_plugin(file, p);
        return 1;
    }
    if (!policy_file_takes_plugins(file))
        return luaL_error(L, "the plugin %s is required at the top level of the policy file", p->name);
    if (p->tried && !p->good)
        return luaL_error(L, "the plugin %s cannot be used: see what else is told of it, and of %s", p->name, p->path);
    require_check_circle(L, p->name);
    policy_file_add_plugin(file, p);
    plugin_push(L, p);
    lua_insert(L, 2); /* name, exports, plugin */
    push_globals(L, p);
    push_file(L, file, p, plugin_file(p, PLUGIN_FILE), lua_gettop(L));
    lua_pushvalue(L, 1);
    lua_pushfstring(L, "%s/%s", p->path, PLUGIN_FILE);
    return require_call(L, plugin_called_k, (lua_KContext)p);
}
