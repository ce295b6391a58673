/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.replace(target, changes [, options]) and mpijob.replace_object(object [, options]). */
#include <lauxlib.h>

#include "binding/lua_write.h"
#include "binding/mpijob.h"
#include "policy/values/lua_changes.h"

static int computed_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* replace(target, changes, options). Changes that are a function are lua/mpijobd/mpijob.lua's (the second upvalue). */
int l_mpijob_replace(lua_State *L)
{
    lua_settop(L, 3);
    if (!lua_isfunction(L, 2)) {
        lua_pushnil(L);
        return l_mpijob_replace_once(L);
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_callk(L, 3, LUA_MULTRET, 0, computed_k);
    return computed_k(L, LUA_OK, 0);
}

static void check_child(lua_State *L, struct lua_write *v, const struct mpijob_kind *kind, const char *call)
{
    const char *name = mpijob_kind_info(kind)->name;
    enum mpijob_children child = mpijob_kind_info(kind)->child;
    if (v->through_launcher && child != CHILD_LAUNCHER)
        luaL_error(L, "%s: through_launcher is for MPIJobs only: a %s has no launcher%s", call, name,
                   child == CHILD_NONE ? "" : "; through_child = true goes through one of its Jobs");
    if (v->through_child && child == CHILD_NONE)
        luaL_error(L, "%s: through_child is not for a %s, which has no child that a change could go through", call,
                   name);
    v->through_child = v->through_child || v->through_launcher;
}

/* replace(target, changes, options, tries). tries: the changes follow from the job, and so many tries were made before;
 * after a conflict the fresh job is the third result, and the tries made so far are the fourth. nil: they do not. */
int l_mpijob_replace_once(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 4);
    struct lua_write *v = lua_write_of_job(L, module_call(kind, "replace", call), CHANGE_FIELDS, kind);
    lua_write_options(L, v, 3, lua_write_fields_options);
    check_child(L, v, kind, call);
    if (lua_changes_read(L, 2, &v->changes, &v->err)) {
        char where[LUA_IDSIZE + 16]; /* not in lua/mpijobd/mpijob.lua, which calls this */
        script_where(L, where, sizeof where);
        lua_pushfstring(L, "%s: %s: %s", where, call, v->err.message);
        return lua_error(L);
    }
    v->computed = !lua_isnoneornil(L, 4);
    v->tries = (int)lua_tointeger(L, 4);
    return lua_write_go(L, v);
}

/* replace_object(JSON text, table or job [, options]): the plain API call. */
int l_mpijob_replace_object(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 2);
    struct lua_write *v = lua_write_new(L, module_call(kind, "replace_object", call), CHANGE_REPLACE);
    v->ours = true;
    v->kind = kind;
    check_kind(L, 1, kind);
    lua_write_options(L, v, 2, lua_write_whole_options);
    lua_write_body(L, v, 1, call);
    lua_write_named_by_body(L, v, call, false);
    return lua_write_go(L, v);
}
