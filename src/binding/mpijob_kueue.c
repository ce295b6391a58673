/* SPDX-License-Identifier: Apache-2.0 */
/* What job.kueue tells of the job's Workload: by the watch of Workloads, or all of them are listed once a run. */
#include <lauxlib.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "policy/definition/lua_conditions.h"
#include "policy/values/lua_job.h"
#include "run/lua_run.h"
#include "run/run_workloads.h"
#include "script/embedded.h"

struct looking {
    struct pending pending;
    struct run_workloads_wait wait;
};

static void ready(struct run_workloads_wait *wait)
{
    pending_finish(&((struct looking *)((char *)wait - offsetof(struct looking, wait)))->pending);
}

static void give_up(struct pending *p)
{
    run_workloads_leave(&((struct looking *)p)->wait);
    pending_finish(p);
}

static void release(struct pending *p)
{
    (void)p;
}

static int listed_k(lua_State *L, int status, lua_KContext ctx);

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (!*text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_found(lua_State *L, enum workload_seen seen, const struct listed_workload *w, bool ended)
{
    enum kueue_state state;
    bool known = workload_state(seen, w, ended, &state), found = seen == WORKLOAD_FOUND;
    lua_createtable(L, 0, 6);
    set_text(L, "state", known ? kueue_state_name(state) : "");
    lua_pushboolean(L, known && state == KUEUE_ADMITTED);
    lua_setfield(L, -2, "admitted");
    lua_pushboolean(L, state != KUEUE_STOPPED);
    lua_setfield(L, -2, "active");
    set_text(L, "workload", found ? w->name : "");
    set_text(L, "reason", found ? w->reason : "");
    set_text(L, "message",
             found    ? w->message
             : !known ? "the server has no Kueue"
             : ended  ? "its Workload is gone"
                      : "it has no Workload yet");
}

/* The job is at index 1. */
static int push_workload(lua_State *L)
{
    struct run *run = lua_run_of(L);
    struct lua_job *job = lua_job_at(L, 1);
    struct listed_workload workload;
    struct error err;
    enum workload_seen seen;
    if (!run || !job || job->cluster != run->site->cluster) { /* a job that the script kept from another run */
        lua_pushnil(L);
        return 1;
    }
    struct looking *l = pending_new(L, sizeof *l, give_up, release);
    l->wait.ready = ready;
    switch (run_workloads_get(run, job->view.name_space, job->view.uid, &l->wait, &seen, &workload, &err)) {
    case RUN_WORKLOADS_WAIT:
        return pending_wait(L, &l->pending, listed_k);
    case RUN_WORKLOADS_READY:
        push_found(L, seen, &workload, mpijob_phase_finished(job->view.phase));
        break;
    case RUN_WORKLOADS_FAILED:
        pending_over(&l->pending);
        return luaL_error(L, "job.kueue: Kueue's Workloads cannot be listed: %s", err.message);
    }
    pending_over(&l->pending);
    return 1;
}

static int listed_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    pending_over((struct pending *)ctx);
    return push_workload(L);
}

int l_mpijob_kueue(lua_State *L)
{
    lua_settop(L, 1);
    return push_workload(L);
}

void mpijob_kueue_condition(lua_State *L)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_CONDITIONS);
    if (lua_getfield(L, -1, "kueue") == LUA_TNIL) {
        if (luaL_loadbufferx(L, embedded_kueue, embedded_kueue_len, "=kueue", "t"))
            lua_error(L);
        lua_call(L, 0, 1);
        lua_setfield(L, -3, "kueue");
    }
    lua_pop(L, 2);
}
