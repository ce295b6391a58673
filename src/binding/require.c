/* SPDX-License-Identifier: Apache-2.0 */
/* require: the modules of the table, and the user's own files beside the policy file. A file is read on another thread
 * while the policy file is being loaded, and runs once in that file's own state, at its cost. A run reads no file: so
 * all that a set of policies consists of is of one moment, and a reload sees what has changed. */
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/modules.h"
#include "binding/require_parts.h"
#include "loop/work.h"
#include "policy/footprint.h"

#define UNDER_WAY "mpijobd.requiring" /* in the registry: a list of names, the outermost first */

/* ---- what there is ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int require_none(lua_State *L, const char *whom, const char *name, const char *also, const char *more)
{
    const char *names[64 + PLUGINS_MAX + 1];
    const struct policy_file *file = script_host(L);
    struct binding_module m;
    size_t n = 0;
    luaL_Buffer b;
    for (size_t i = 0; n < sizeof names / sizeof *names - 1 && binding_module_at(i, &m); i++) {
        if (m.name)
            names[n++] = m.name;
    }
    for (size_t i = 0; file && file->plugins && i < file->plugins->count && n < sizeof names / sizeof *names - 1; i++)
        names[n++] = file->plugins->items[i]->name;
    names[n] = NULL;
    qsort(names, n, sizeof *names, by_name);
    const char *near = str_nearest(name, names);
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < n; i++) {
        luaL_addstring(&b, i ? ", " : "");
        luaL_addstring(&b, names[i]);
    }
    luaL_pushresult(&b);
    return luaL_error(L, "there is no module \"%s\" for %s%s; there are %s%s%s%s%s", name, whom, also,
                      lua_tostring(L, -1), more, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
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

/* ---- own files ---- */

struct own {
    struct pending pending;
    struct policy_file *file; /* not to be used once the run is gone */
    struct work work;
    struct buf text;
    struct policy_zones zones; /* that it names */
    struct error err;          /* code 0: none */
    char folder[PATH_MAX], name[REQUIRE_NAME_MAX + 8];
};

static void read_it(struct work *work)
{
    struct own *own = (struct own *)((char *)work - offsetof(struct own, work));
    if (beneath_read(&own->text, own->folder, own->name, SCRIPT_SOURCE_MAX, &own->err) == 0)
        policy_zones_read(&own->zones, buf_str(&own->text));
}

static void was_read(struct work *work)
{
    struct own *own = (struct own *)((char *)work - offsetof(struct own, work));
    pending_finish(&own->pending);
}

static void give_up(struct pending *p)
{
    (void)p; /* the thread goes on to the end of the file */
}

static void release(struct pending *p)
{
    struct own *own = (struct own *)p;
    buf_free(&own->text);
    policy_zones_free(&own->zones);
}

bool require_names_a_file(const char *name)
{
    size_t word = 0;
    if (strlen(name) > REQUIRE_NAME_MAX)
        return false;
    for (; *name; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') || *name == '_';
        bool other = (*name >= '0' && *name <= '9') || *name == '-';
        if (*name == '.' ? !word : !letter && !other)
            return false;
        word = *name == '.' ? 0 : word + 1;
    }
    return word > 0;
}

void require_file_name(const char *name, char out[REQUIRE_NAME_MAX + 8])
{
    snprintf(out, REQUIRE_NAME_MAX + 4, "%s", name);
    for (char *p = out; *p; p++)
        *p = *p == '.' ? '/' : *p;
    strcat(out, ".lua"); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy): there is room */
}

static void place_of(struct own *own, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    int n = slash == path ? 1 : slash ? (int)(slash - path) : 0;
    snprintf(own->folder, sizeof own->folder, "%.*s", n ? n : 1, n ? path : ".");
    require_file_name(name, own->name);
}

/* As messages name it: beside the policy file's own path. Pushes it. */
static const char *push_path(lua_State *L, const struct own *own)
{
    const char *slash = strrchr(own->file->path, '/');
    if (!slash)
        return lua_pushstring(L, own->name);
    lua_pushlstring(L, own->file->path, (size_t)(slash - own->file->path) + 1);
    lua_pushstring(L, own->name);
    lua_concat(L, 2);
    return lua_tostring(L, -1);
}

static void under_way(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, UNDER_WAY);
}

void binding_require_begin(lua_State *L)
{
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, UNDER_WAY);
}

/* Takes the last name off the list. */
void require_leave(lua_State *L)
{
    under_way(L);
    lua_pushnil(L);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2));
    lua_pop(L, 1);
}

void require_check_circle(lua_State *L, const char *name)
{
    luaL_Buffer b;
    under_way(L);
    int list = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, list), first = 0;
    for (lua_Integer i = 1; i <= count && !first; i++) {
        lua_rawgeti(L, list, i);
        first = strcmp(lua_tostring(L, -1), name) == 0 ? i : 0;
        lua_pop(L, 1);
    }
    if (first) {
        luaL_buffinit(L, &b);
        for (lua_Integer i = first; i <= count; i++) {
            lua_rawgeti(L, list, i);
            luaL_addvalue(&b);
            luaL_addstring(&b, " -> ");
        }
        luaL_addstring(&b, name);
        luaL_pushresult(&b);
        luaL_error(L, "files require each other in a circle: %s; move what both need into a third file",
                   lua_tostring(L, -1));
    }
    lua_pop(L, 1);
}

static void require_enter(lua_State *L)
{
    under_way(L);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 1);
}

void require_keep(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, MODULES_OPENED);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

int require_call(lua_State *L, lua_KFunction k, lua_KContext ctx)
{
    lua_pushcfunction(L, script_blame_handler);
    int handler = lua_gettop(L) - 3;
    lua_insert(L, handler);
    require_enter(L);
    return k(L, lua_pcallk(L, 2, 1, handler, ctx, k), ctx);
}

int require_called(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    require_leave(L);
    if (status != LUA_OK && status != LUA_YIELD)
        return lua_error(L);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    require_keep(L);
    return 1;
}

static int compile(lua_State *L)
{
    const struct str *text = lua_touserdata(L, 1);
    script_compile(L, *text, lua_tostring(L, 2));
    return 1;
}

bool require_compile(lua_State *L, struct str text, const char *path)
{
    lua_pushcfunction(L, compile);
    lua_pushlightuserdata(L, &text);
    lua_pushstring(L, path);
    return lua_pcall(L, 2, 1, 0) == LUA_OK;
}

/* Pushes the file's function and its arguments: its name and its path. False: an error is on the top. */
static bool push_file(lua_State *L, struct own *own)
{
    struct error *err = &own->err;
    const char *path = push_path(L, own);
    int at = lua_gettop(L);
    policy_file_asks(own->file, path, err->code, buf_str(&own->text));
    if (!err->code)
        policy_file_add_source(own->file, path, buf_str(&own->text), err);
    if (err->code) {
        luaL_where(L, 1);
        lua_pushstring(L, err->message);
        lua_concat(L, 2);
        return false;
    }
    policy_zones_take(&own->file->zones, &own->zones);
    if (!require_compile(L, buf_str(&own->text), path))
        return false;
    lua_pushvalue(L, 1);
    lua_pushvalue(L, at);
    return true;
}

/* What to do where the plugin is missing that was meant. */
static const char *plugin_cure(const struct policy_file *file)
{
    return file->env->plugin_cure ? file->env->plugin_cure
                                  : "; a plugin is one that the configuration (--config) names, which a daemon reads "
                                    "at its start only; mpijobd check FOLDER tries the one in a folder";
}

static int read_k(lua_State *L, int status, lua_KContext ctx)
{
    struct own *own = (struct own *)ctx;        // NOLINT(performance-no-int-to-ptr)
    const struct policy_file *file = own->file; /* which outlives what waits */
    (void)status;
    if (own->err.code == ERR_NOT_FOUND) {
        const char *path = push_path(L, own);
        policy_file_asks(own->file, path, ERR_NOT_FOUND, (struct str){0});
        pending_over(&own->pending);
        const char *name = lua_tostring(L, 1);
        return require_none(L, "policies", name, lua_pushfstring(L, ", and no file %s", path),
                            plugin_name_good(name) ? plugin_cure(file) : "");
    }
    bool good = push_file(L, own);
    pending_over(&own->pending);
    if (!good)
        return lua_error(L);
    return require_call(L, require_called, 0);
}

static int require_own(lua_State *L, struct policy_file *file, const char *name)
{
    require_check_circle(L, name);
    struct own *own = pending_new(L, sizeof *own, give_up, release);
    own->file = file;
    own->pending.wait.while_loading = true;
    place_of(own, file->path, name);
    if (strcmp(push_path(L, own), file->path) == 0)
        return luaL_error(L, "\"%s\" is this file itself%s", name, plugin_name_good(name) ? plugin_cure(file) : "");
    lua_pop(L, 1);
    work_start(file->env->loop, &own->work, read_it, was_read);
    return pending_wait(L, &own->pending, read_k);
}

/* ---- the function ---- */

bool require_known(lua_State *L, const char *name)
{
    lua_CFunction late = late_module(name);
    lua_getfield(L, LUA_REGISTRYINDEX, MODULES_OPENED);
    if (lua_getfield(L, -1, name) == LUA_TNIL && late) {
        lua_pop(L, 1);
        lua_pushcfunction(L, late);
        lua_call(L, 0, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, name);
    }
    lua_remove(L, -2);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static int l_require(lua_State *L)
{
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    struct policy_file *file = script_host(L);
    lua_settop(L, 1);
    if (require_known(L, name))
        return 1;
    struct plugin *plugin = file ? plugins_find(file->plugins, name) : NULL;
    if (plugin)
        return require_plugin(L, file, plugin);
    if (!file || strlen(name) != len || !require_names_a_file(name))
        return require_none(L, "policies", name, "", "");
    if (!policy_file_loading(file))
        return require_none(L, file->typed ? "a session" : "policies", name, "",
                            file->typed ? "; a session requires modules and plugins, and no files"
                                        : "; a file of your own is required at the top level of the policy file");
    return require_own(L, file, name);
}

static const struct binding_function functions[] = {{"require", l_require, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_require = {.functions = functions};
