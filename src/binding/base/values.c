/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the modules' functions checked, and errors pushed, in one way for all of them. */
#include "binding/base/values.h"

#include <lauxlib.h>
#include <stdio.h>

#include "mpijob/kind.h"
#include "policy/values/lua_json.h"
#include "run/lua_run.h"
#include "time/duration.h"

static char error_mark;

static int l_error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "reason");
    lua_getfield(L, 1, "message");
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -2), lua_tostring(L, -1));
    return 1;
}

void push_error(lua_State *L, const struct error *err)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, err->status);
    lua_setfield(L, -2, "code");
    lua_pushstring(L, err->reason);
    lua_setfield(L, -2, "reason");
    lua_pushstring(L, err->message);
    lua_setfield(L, -2, "message");
    lua_pushboolean(L, err->retryable);
    lua_setfield(L, -2, "retryable");
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &error_mark) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, l_error_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushstring(L, "error");
        lua_setfield(L, -2, "__name");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &error_mark);
    }
    lua_setmetatable(L, -2);
}

int push_failure(lua_State *L, const struct error *err)
{
    lua_pushnil(L);
    push_error(L, err);
    return 2;
}

const struct policy_env *env_of(lua_State *L)
{
    return ((struct policy_file *)script_host(L))->env;
}

struct run *check_run(lua_State *L, const char *what)
{
    struct run *run = lua_run_of(L);
    if (!run)
        luaL_error(L, "%s works while a policy runs, not while its file is being loaded; move it into run or replace",
                   what);
    return run;
}

struct run *check_may_write(lua_State *L, const char *what)
{
    struct run *run = check_run(L, what);
    if (run->reads_only && run_looks(run))
        luaL_error(L, "%s writes, and in this run `where` is only asked whether the job matches (holds_for, warn)",
                   what);
    if (run->reads_only)
        luaL_error(L, "%s writes, and here things are only read; to write, begin with --write", what);
    return run;
}

static void check_part(lua_State *L, int index, struct str part, char out[256])
{
    if (part.len == 0 || part.len > 253 || memchr(part.ptr, '/', part.len))
        luaL_argerror(L, index, "a job, \"namespace/name\" or \"name\" expected");
    memcpy(out, part.ptr, part.len);
    out[part.len] = '\0';
}

void check_kind(lua_State *L, int index, const struct mpijob_kind *kind)
{
    const struct lua_job *job = lua_job_at(L, index);
    if (!job || job->view.target.kind == kind)
        return;
    const struct mpijob_kind *its = mpijob_kind_info(job->view.target.kind);
    luaL_error(L, "%s is %s %s: use the module %s for it", job->key, its->article, its->name, its->singular);
}

void check_target(lua_State *L, int index, const struct mpijob_kind *kind, struct target *target)
{
    check_kind(L, index, kind);
    target->job = lua_job_at(L, index);
    if (target->job) {
        check_part(L, index, target->job->view.name_space, target->name_space);
        check_part(L, index, target->job->view.name, target->name);
        return;
    }
    size_t len;
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_argerror(L, index, "a job, \"namespace/name\" or \"name\" expected");
    const char *key = lua_tolstring(L, index, &len);
    const char *slash = memchr(key, '/', len);
    if (slash) {
        check_part(L, index, str_n(key, (size_t)(slash - key)), target->name_space);
        check_part(L, index, str_n(slash + 1, len - (size_t)(slash - key) - 1), target->name);
    } else {
        check_part(L, index, str_of(cluster_namespace(check_run(L, "a name without a namespace")->site->cluster)),
                   target->name_space);
        check_part(L, index, str_n(key, len), target->name);
    }
}

bool check_key(lua_State *L, int index, char name_space[256], char name[256])
{
    size_t len;
    const char *key = luaL_checklstring(L, index, &len), *slash = memchr(key, '/', len);
    size_t before = slash ? (size_t)(slash - key) : 0, after = slash ? len - before - 1 : len;
    if (!after || after > 253 || before > 253 || (slash && (!before || memchr(slash + 1, '/', after))))
        luaL_argerror(L, index, "\"namespace/name\" or \"name\" expected");
    if (slash)
        snprintf(name_space, 256, "%.*s", (int)before, key);
    else
        snprintf(name_space, 256, "%s", cluster_namespace(check_run(L, "a name without a namespace")->site->cluster));
    snprintf(name, 256, "%.*s", (int)after, slash ? slash + 1 : key);
    return slash != NULL;
}

void check_options(lua_State *L, int index, const char *const *names)
{
    if (lua_isnoneornil(L, index))
        return;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(no name)";
        bool known = false;
        for (size_t i = 0; names[i]; i++)
            known = known || strcmp(names[i], key) == 0;
        if (!known) {
            const char *near = str_nearest(key, names);
            luaL_error(L, "unknown option \"%s\"%s%s%s", key, near ? "; did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
        }
        lua_pop(L, 1);
    }
}

bool option_bool(lua_State *L, int index, const char *name)
{
    if (lua_isnoneornil(L, index))
        return false;
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1))
        luaL_error(L, "option %s has to be true or false", name);
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

const char *option_string(lua_State *L, int index, const char *name)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1) && lua_type(L, -1) != LUA_TSTRING)
        luaL_error(L, "option %s has to be a string", name);
    const char *value = lua_tostring(L, -1);
    lua_pop(L, 1);
    return value;
}

int64_t option_duration(lua_State *L, int index, const char *name, int64_t unset)
{
    int64_t us = unset;
    bool good = true;
    if (lua_isnoneornil(L, index))
        return unset;
    lua_getfield(L, index, name);
    if (lua_type(L, -1) == LUA_TNUMBER) {
        lua_Number seconds = lua_tonumber(L, -1);
        good = seconds >= 0 && seconds < 3.2e9;
        us = good ? (int64_t)(seconds * 1e6) : 0;
    } else if (!lua_isnil(L, -1)) {
        good = lua_type(L, -1) == LUA_TSTRING && duration_parse(lua_tostring(L, -1), &us, NULL) == 0;
    }
    if (!good)
        luaL_error(L, "option %s has to be seconds, or a duration such as \"30s\"", name);
    lua_pop(L, 1);
    return us;
}

int64_t option_whole(lua_State *L, int index, const char *name, int64_t least, int64_t most, int64_t unset)
{
    int64_t value = unset;
    if (lua_isnoneornil(L, index))
        return unset;
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1) && (!lua_whole(L, -1, &value) || value < least || value > most))
        luaL_error(L, "option %s has to be a whole number from %I to %I", name, (LUAI_UACINT)least, (LUAI_UACINT)most);
    lua_pop(L, 1);
    return value;
}
