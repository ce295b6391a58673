#include "run/lua_run.h"

#include <lauxlib.h>

#include "policy/load.h"
#include "run/run_jobs.h"

static char run_mark;

static const char *const names[] = {"id",     "policy",  "trigger",   "scheduled_at", "changed", "unchanged",
                                    "failed", "dry_run", "cancelled", "cluster",      "jobs",    NULL};

struct run *lua_run_of(lua_State *L)
{
    struct policy_file *file = script_host(L);
    struct script_run *run = script_run_of(L);
    return run && !policy_file_loading(file) ? script_run_data(run) : NULL;
}

static int l_index(lua_State *L)
{
    struct run *run = lua_run_of(L);
    const char *name = luaL_checkstring(L, 2);
    if (!run)
        return luaL_error(L, "run.%s: no policy runs while the file is being loaded", name);
    if (strcmp(name, "id") == 0)
        lua_pushinteger(L, run->id);
    else if (strcmp(name, "policy") == 0)
        lua_pushstring(L, run->policy->name);
    else if (strcmp(name, "cluster") == 0)
        lua_pushstring(L, cluster_name(run->site->cluster));
    else if (strcmp(name, "jobs") == 0)
        run_jobs_push(L, run);
    else if (strcmp(name, "trigger") == 0)
        lua_pushstring(L, run->trigger);
    else if (strcmp(name, "scheduled_at") == 0)
        lua_pushinteger(L, run->scheduled_at / CLOCK_SECOND);
    else if (strcmp(name, "changed") == 0)
        lua_pushinteger(L, run->changed);
    else if (strcmp(name, "unchanged") == 0)
        lua_pushinteger(L, run->unchanged);
    else if (strcmp(name, "failed") == 0)
        lua_pushinteger(L, run->failed);
    else if (strcmp(name, "dry_run") == 0)
        lua_pushboolean(L, run->dry_run);
    else if (strcmp(name, "cancelled") == 0)
        lua_pushboolean(L, run->stopping);
    else {
        const char *near = str_nearest(name, names);
        return luaL_error(L, "run has no field \"%s\"%s%s%s", name, near ? "; did you mean \"" : "", near ? near : "",
                          near ? "\"?" : "");
    }
    return 1;
}

static int l_newindex(lua_State *L)
{
    return luaL_error(L, "run cannot be assigned to; keep your own values in local variables");
}

void lua_run_push(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &run_mark) == LUA_TUSERDATA)
        return;
    lua_pop(L, 1);
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 4);
    lua_pushcfunction(L, l_index);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, l_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushstring(L, "run");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &run_mark);
}
