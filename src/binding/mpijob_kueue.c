/* SPDX-License-Identifier: Apache-2.0 */
/* What job.kueue tells of the job's Workload: by the watch of Workloads, or all of them are listed once a run. */
#include <lauxlib.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "policy/definition/lua_conditions.h"
#include "policy/values/lua_job.h"
#include "record/record.h"
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
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void push_workload_table(lua_State *L, const struct record_workload *w)
{
    lua_createtable(L, 0, 6);
    set_text(L, "state", w->state);
    lua_pushboolean(L, w->admitted);
    lua_setfield(L, -2, "admitted");
    lua_pushboolean(L, w->active);
    lua_setfield(L, -2, "active");
    set_text(L, "workload", w->name);
    set_text(L, "reason", w->reason);
    set_text(L, "message", w->message);
}

static const char *or_none(const char *text)
{
    return *text ? text : NULL;
}

static struct record_workload tell(enum workload_seen seen, const struct listed_workload *w, bool ended)
{
    enum kueue_state state;
    bool known = workload_state(seen, w, ended, &state), found = seen == WORKLOAD_FOUND;
    return (struct record_workload){
        .state = known ? kueue_state_name(state) : NULL,
        .name = found ? or_none(w->name) : NULL,
        .reason = found ? or_none(w->reason) : NULL,
        .message = found    ? or_none(w->message)
                   : !known ? "the server has no Kueue"
                   : ended  ? "its Workload is gone"
                            : "it has no Workload yet",
        .admitted = known && state == KUEUE_ADMITTED,
        .active = state != KUEUE_STOPPED,
    };
}

static int push_told(lua_State *L, const struct run *run, struct str uid, const struct record_workload *told)
{
    recording_workload(run->recording, uid, told, NULL);
    push_workload_table(L, told);
    return 1;
}

static int fail(lua_State *L, const struct run *run, struct str uid, const struct error *err)
{
    static const struct record_workload nothing;
    recording_workload(run->recording, uid, &nothing, err);
    return luaL_error(L, "job.kueue: Kueue's Workloads cannot be listed: %s", err->message);
}

/* The job is at index 1. */
static int push_workload(lua_State *L)
{
    struct run *run = lua_run_of(L);
    struct lua_job *job = lua_job_at(L, 1);
    struct listed_workload workload;
    struct record_workload told;
    struct error err;
    enum workload_seen seen;
    if (!run || !job || job->cluster != run->site->cluster) { /* a job that the script kept from another run */
        lua_pushnil(L);
        return 1;
    }
    struct str uid = job->view.uid;
    int rc = recording_workload_again(run->recording, uid, &told, &err);
    if (rc != ERR_LIMIT)
        return rc ? fail(L, run, uid, &err) : push_told(L, run, uid, &told);
    struct looking *l = pending_new(L, sizeof *l, give_up, release);
    l->wait.ready = ready;
    enum run_workloads_state state =
        run_workloads_get(run, job->view.name_space, uid, &l->wait, &seen, &workload, &err);
    if (state == RUN_WORKLOADS_WAIT)
        return pending_wait(L, &l->pending, listed_k);
    pending_over(&l->pending);
    if (state == RUN_WORKLOADS_FAILED)
        return fail(L, run, uid, &err);
    told = tell(seen, &workload, mpijob_phase_finished(job->view.phase));
    return push_told(L, run, uid, &told);
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
