/* SPDX-License-Identifier: Apache-2.0 */
/* The fields and methods of a job. */
#include "policy/values/lua_job.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "mpijob/kind.h"
#include "policy/values/lua_clock.h"
#include "policy/values/lua_job_kueue.h"
#include "policy/values/lua_job_workers.h"
#include "policy/values/lua_json.h"

static char job_mark; /* its address is the key of the metatable */

static void push_metatable(lua_State *L);

struct lua_job *lua_job_push(lua_State *L, struct str object, const struct cluster *cluster,
                             const struct mpijob_kind *kind, const struct clock *clock)
{
    struct lua_job *job = lua_newuserdatauv(L, sizeof *job + object.len + 1, 0);
    memcpy(job->bytes, object.ptr, object.len);
    job->bytes[object.len] = '\0';
    job->len = object.len;
    job->cluster = cluster;
    job->clock = clock;
    job->as_of = clock_now(clock);
    /* The error is large: kept in Lua's memory, so that raising it leaks nothing and the C stack stays small. */
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    struct json root;
    if (json_parse(str_n(job->bytes, job->len), "the job", &root, err) ||
        mpijob_view(root, cluster_target_of(cluster, kind, root), &job->view, err))
        luaL_error(L, "%s", err->message);
    lua_pop(L, 1);
    snprintf(job->key, sizeof job->key, "%.*s/%.*s", (int)job->view.name_space.len, job->view.name_space.ptr,
             (int)job->view.name.len, job->view.name.ptr);
    push_metatable(L);
    lua_setmetatable(L, -2);
    return job;
}

struct lua_job *lua_job_at(lua_State *L, int index)
{
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 3) || !lua_getmetatable(L, index))
        return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &job_mark);
    struct lua_job *job = lua_rawequal(L, -1, -2) ? lua_touserdata(L, index) : NULL;
    lua_pop(L, 2);
    return job;
}

static void push_str(lua_State *L, struct str s)
{
    lua_pushlstring(L, s.len ? s.ptr : "", s.len);
}

static void push_time(lua_State *L, int64_t us)
{
    if (us == MPIJOB_NO_TIME)
        lua_pushnil(L);
    else if (us % CLOCK_SECOND == 0)
        lua_pushinteger(L, us / CLOCK_SECOND);
    else
        lua_pushnumber(L, (double)us / 1e6);
}

static void push_span(lua_State *L, int64_t us)
{
    if (us < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (double)us / 1e6);
}

static int64_t now(lua_State *L, const struct lua_job *job)
{
    return lua_clock_now(L, job->clock);
}

static void push_map(lua_State *L, struct json map)
{
    if (json_exists(map))
        lua_json_push(L, map);
    else
        lua_newtable(L);
}

enum job_field {
    J_NAME,
    J_NAMESPACE,
    J_KEY,
    J_UID,
    J_VERSION_OF_RESOURCE,
    J_VERSION,
    J_LABELS,
    J_ANNOTATIONS,
    J_PHASE,
    J_REASON,
    J_CREATED,
    J_STARTED,
    J_FINISHED,
    J_AGE,
    J_PENDING,
    J_RUNNING,
    J_FINISHED_FOR,
    J_WORKERS,
    J_GPUS,
    J_EVICTED,
    J_CONTROLLER,
    J_CLUSTER,
    J_KIND,
    J_AS_OF,
    J_KUEUE,
    J_SPEC /* from here on: the fields of the field map, then the methods */
};

const char *const lua_job_names[] = {"name",
                                     "namespace",
                                     "key",
                                     "uid",
                                     "resourceVersion",
                                     "version",
                                     "labels",
                                     "annotations",
                                     "phase",
                                     "reason",
                                     "created",
                                     "started",
                                     "finished",
                                     "age",
                                     "pending_for",
                                     "running_for",
                                     "finished_for",
                                     "workers",
                                     "gpus",
                                     "evicted",
                                     "controller",
                                     "cluster",
                                     "kind",
                                     "as_of",
                                     "kueue",
                                     "cleanPodPolicy",
                                     "activeDeadlineSeconds",
                                     "backoffLimit",
                                     "ttlSecondsAfterFinished",
                                     "suspend",
                                     "managedBy",
                                     "schedulingPolicy",
                                     "get",
                                     "json",
                                     "table",
                                     NULL};

static int push_spec(lua_State *L, const struct lua_job *job, const char *name)
{
    enum mpijob_field_id field;
    if (!mpijob_field_find(job->view.target.kind, str_of(name), &field))
        return 0;
    struct json value = mpijob_field_value(job->view.object, field, job->view.target);
    if (json_type(value) == JSON_NULL)
        lua_pushnil(L);
    else
        lua_json_push(L, value);
    return 1;
}

/* What follows from the phase, and from pods. */
static bool is_untold(const struct mpijob_kind *kind, int field)
{
    static const bool of_phase[J_SPEC] = {
        [J_PHASE] = true,   [J_REASON] = true,  [J_STARTED] = true,     [J_FINISHED] = true,
        [J_PENDING] = true, [J_RUNNING] = true, [J_FINISHED_FOR] = true};
    static const bool of_pods[J_SPEC] = {[J_WORKERS] = true, [J_EVICTED] = true};
    return mpijob_kind_described(kind) && field < J_SPEC &&
           (of_pods[field] || (of_phase[field] && !kind->phased) || (field == J_GPUS && !kind->templates));
}

static int push_field(lua_State *L, const struct lua_job *job, int field, const char *name)
{
    const struct mpijob_view *v = &job->view;
    if (is_untold(v->target.kind, field)) {
        lua_pushnil(L);
        return 1;
    }
    switch (field) {
    case J_NAME:
        push_str(L, v->name);
        return 1;
    case J_NAMESPACE:
        push_str(L, v->name_space);
        return 1;
    case J_KEY:
        lua_pushstring(L, job->key);
        return 1;
    case J_UID:
        push_str(L, v->uid);
        return 1;
    case J_VERSION_OF_RESOURCE:
        push_str(L, v->resource_version);
        return 1;
    case J_VERSION:
        lua_pushstring(L, mpijob_target_version(v->target));
        return 1;
    case J_LABELS:
        push_map(L, v->labels);
        return 1;
    case J_ANNOTATIONS:
        push_map(L, v->annotations);
        return 1;
    case J_PHASE:
        lua_pushstring(L, mpijob_phase_name(v->phase));
        return 1;
    case J_REASON:
        if (!v->reason.len)
            push_str(L, v->reason);
        else /* it stands between its quotes */
            lua_json_push(L, (struct json){str_n(v->reason.ptr - 1, v->reason.len + 2)});
        return 1;
    case J_CREATED:
        push_time(L, v->created);
        return 1;
    case J_STARTED:
        push_time(L, v->started);
        return 1;
    case J_FINISHED:
        push_time(L, v->finished);
        return 1;
    case J_AGE:
        push_span(L, mpijob_age(v, now(L, job)));
        return 1;
    case J_PENDING:
        push_span(L, mpijob_pending_for(v, now(L, job)));
        return 1;
    case J_RUNNING:
        push_span(L, mpijob_running_for(v, now(L, job)));
        return 1;
    case J_FINISHED_FOR:
        push_span(L, mpijob_finished_for(v, now(L, job)));
        return 1;
    case J_WORKERS:
        lua_job_push_workers(L, job);
        return 1;
    case J_GPUS:
        lua_pushinteger(L, mpijob_view_gpus(v, &(bool){false}));
        return 1;
    case J_EVICTED:
        lua_pushboolean(L, v->evicted);
        return 1;
    case J_CONTROLLER:
        lua_pushstring(L, mpijob_controller_name(v->target.controller));
        return 1;
    case J_AS_OF:
        push_time(L, job->as_of);
        return 1;
    case J_KUEUE:
        lua_job_push_kueue(L, job);
        return 1;
    case J_CLUSTER:
        lua_pushstring(L, cluster_name(job->cluster));
        return 1;
    case J_KIND:
        lua_pushstring(L, mpijob_kind_info(v->target.kind)->name);
        return 1;
    default:
        return push_spec(L, job, name);
    }
}

static struct lua_job *check_job(lua_State *L, int index)
{
    struct lua_job *job = lua_job_at(L, index);
    if (!job)
        luaL_argerror(L, index, "a job expected (call it as job:get(...), with a colon)");
    return job;
}

static int l_get(lua_State *L)
{
    struct lua_job *job = check_job(L, 1);
    const char *pointer = luaL_checkstring(L, 2);
    if (*pointer && *pointer != '/')
        return luaL_error(L, "a JSON pointer starts with a slash: \"/%s\"", pointer);
    lua_json_push(L, json_at(job->view.object, pointer));
    return 1;
}

static int l_json(lua_State *L)
{
    struct lua_job *job = check_job(L, 1);
    lua_pushlstring(L, job->bytes, job->len);
    return 1;
}

static int l_table(lua_State *L)
{
    lua_json_push(L, check_job(L, 1)->view.object);
    return 1;
}

static int l_index(lua_State *L)
{
    struct lua_job *job = check_job(L, 1);
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "a job has named fields only");
    const char *name = lua_tostring(L, 2);
    enum mpijob_field_id field;
    if (mpijob_kind_described(job->view.target.kind) && push_spec(L, job, name))
        return 1;
    for (int i = 0; lua_job_names[i]; i++) {
        bool other = i >= J_SPEC && mpijob_field_find(NULL, str_of(name), &field);
        if (strcmp(lua_job_names[i], name) != 0 || (other && mpijob_kind_described(job->view.target.kind)))
            continue;
        if (strcmp(name, "get") == 0)
            lua_pushcfunction(L, l_get);
        else if (strcmp(name, "json") == 0)
            lua_pushcfunction(L, l_json);
        else if (strcmp(name, "table") == 0)
            lua_pushcfunction(L, l_table);
        else
            return push_field(L, job, i, name);
        return 1;
    }
    const char *near = str_nearest(name, lua_job_names);
    if (near)
        return luaL_error(L, "a job has no field \"%s\"; did you mean \"%s\"?", name, near);
    return luaL_error(L, "a job has no field \"%s\"; read anything else with job:get(\"/json/pointer\")", name);
}

static int l_newindex(lua_State *L)
{
    return luaL_error(L, "a job cannot be assigned to; use %s.replace(job, { %s = ... })",
                      mpijob_kind_info(check_job(L, 1)->view.target.kind)->singular,
                      lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "field");
}

static int l_tostring(lua_State *L)
{
    struct lua_job *job = check_job(L, 1);
    lua_pushfstring(L, "%s %s (%s)", mpijob_kind_info(job->view.target.kind)->singular, job->key,
                    mpijob_phase_name(job->view.phase));
    return 1;
}

static int l_eq(lua_State *L)
{
    struct lua_job *a = lua_job_at(L, 1), *b = lua_job_at(L, 2);
    lua_pushboolean(L, a && b && str_eq(a->view.uid, b->view.uid) &&
                           str_eq(a->view.resource_version, b->view.resource_version));
    return 1;
}

static void push_metatable(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"__index", l_index}, {"__newindex", l_newindex}, {"__tostring", l_tostring}, {"__eq", l_eq}, {NULL, NULL}};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &job_mark) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 6);
    luaL_setfuncs(L, methods, 0);
    lua_pushstring(L, "mpijob");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &job_mark);
}
