/* SPDX-License-Identifier: Apache-2.0 */
/* The `run` object, and the iterator run.jobs. */
#include "run/lua_run.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "policy/load.h"
#include "policy/values/lua_clock.h"
#include "policy/values/lua_job.h"
#include "record/record.h"
#include "run/made_names.h"
#include "run/run.h"
#include "run/runs.h"

static char run_mark;

static const char *const names[] = {"id",     "policy",  "trigger",   "scheduled_at", "changed", "unchanged",
                                    "failed", "dry_run", "cancelled", "cluster",      "jobs",    NULL};

struct run *lua_run_of(lua_State *L)
{
    struct policy_file *file = script_host(L);
    struct script_run *run = script_run_of(L);
    return run && !policy_file_loading(file) ? script_run_data(run) : NULL;
}

bool lua_run_loading(lua_State *L)
{
    return policy_file_loading(script_host(L));
}

static int64_t reads_clock(lua_State *L, int64_t now)
{
    const struct run *run = lua_run_of(L);
    return run && run->recording ? recording_clock(run->recording, now) : now;
}

/* ---- run.jobs ---- */

struct run_jobs {
    struct script_wait wait;
    struct run *run;
    struct listing *listing;
    bool waiting;
};

static void wake(void *data)
{
    struct run_jobs *j = data;
    if (!j->waiting)
        return;
    j->waiting = false;
    script_wake(&j->wait);
}

static void cancelled(struct script_wait *wait)
{
    ((struct run_jobs *)((char *)wait - offsetof(struct run_jobs, wait)))->waiting = false;
}

/* 1: the next job is pushed; 0: nil is pushed, as there is no further job; -1: it has to wait. */
static int push_next(lua_State *L, struct run_jobs *j)
{
    struct str object;
    struct lua_job *job;
    switch (listing_next(j->listing, &object)) {
    case LISTING_JOB:
        job = lua_job_push(L, object, j->run->site->cluster, policy_kinds_of_text(&j->run->policy->kinds, object),
                           j->run->site->clock);
        job->as_of = listing_as_of(j->listing);
        run_name_for_job(j->run, job->view.uid);
        recording_job(j->run->recording, job->key, object, clock_now(j->run->site->clock), job->as_of, false);
        return 1;
    case LISTING_WAIT:
        return -1;
    case LISTING_ERROR:
        recording_listed(j->run->recording, 0, listing_error(j->listing)->message);
        luaL_error(L, "run.jobs: %s", listing_error(j->listing)->message);
        return 0;
    case LISTING_END:
        recording_listed(j->run->recording, listing_scope(j->listing), NULL);
        break;
    }
    run_name_for_job(j->run, (struct str){0});
    lua_pushnil(L);
    return 0;
}

static int next_k(lua_State *L, int status, lua_KContext ctx);

/* Is the job at index 1 wanted? At index 2 is the answer of `where`, or its error. */
static bool wanted(lua_State *L, struct run_jobs *j, int status)
{
    const struct lua_job *job = lua_job_at(L, 1);
    bool good = status == LUA_OK || status == LUA_YIELD;
    if (good && lua_toboolean(L, 2))
        return true;
    if (good)
        run_settle(j->run, job->key, JOB_DECLINED, job->view.resource_version, NULL, NULL);
    else
        run_job_failed(j->run, job->key, job->view.resource_version, luaL_tolstring(L, 2, NULL));
    return false;
}

static int judged_k(lua_State *L, int status, lua_KContext ctx)
{
    struct run_jobs *j = (struct run_jobs *)ctx;
    if (wanted(L, j, status)) {
        lua_settop(L, 1);
        return 1;
    }
    return next_k(L, LUA_OK, ctx);
}

static int next_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct run_jobs *j = (struct run_jobs *)ctx;
    int where = j->run->policy->where;
    for (;;) {
        lua_settop(L, 0);
        int got = push_next(L, j);
        if (got < 0) {
            j->wait = (struct script_wait){.cancel = cancelled};
            j->waiting = true;
            return script_wait(L, &j->wait, next_k, ctx);
        }
        if (got == 0 || where == LUA_NOREF)
            return 1;
        lua_rawgeti(L, LUA_REGISTRYINDEX, where);
        lua_pushvalue(L, 1);
        if (wanted(L, j, lua_pcallk(L, 1, 1, 0, ctx, judged_k))) {
            lua_settop(L, 1);
            return 1;
        }
    }
}

static int l_next(lua_State *L)
{
    struct run *run = lua_run_of(L);
    if (!run || !run->jobs)
        return luaL_error(L, "run.jobs belongs to a run that is over");
    if (run->jobs->waiting)
        return luaL_error(L, "run.jobs is being waited for by another coroutine already");
    return next_k(L, LUA_OK, (lua_KContext)run->jobs);
}

static struct run_jobs *jobs_new(struct run *run, struct error *err)
{
    struct run_jobs *j = calloc(1, sizeof *j);
    if (!j) {
        error_nomem(err);
        return NULL;
    }
    j->run = run;
    j->listing = run_listing(run, wake, j, err);
    if (j->listing)
        return j;
    free(j);
    return NULL;
}

static void push_jobs(lua_State *L, struct run *run)
{
    if (run_looks(run))
        luaL_error(L, "run.jobs: there are no jobs here, where only `where` is asked");
    if (run->policy->action != ACTION_RUN)
        luaL_error(L, "run.jobs is for run functions; a policy with `replace` is given its jobs one by one");
    if (!run->jobs) {
        struct error *err = lua_newuserdatauv(L, sizeof *err, 0); /* large, and kept where an error leaks nothing */
        run->jobs = jobs_new(run, err);
        if (!run->jobs)
            luaL_error(L, "run.jobs: %s", err->message);
        lua_pop(L, 1);
    }
    lua_pushcfunction(L, l_next);
}

/* Where the function never asked for its jobs, the feed's listing is still to be freed. Of a sweep the feed may be gone
 * by now: only a run function's listing holds it. */
void lua_run_free(struct run *run)
{
    if (run->jobs)
        listing_free(run->jobs->listing);
    else if (run->policy->action == ACTION_RUN && run->feed && !run_looks(run))
        listing_free(run->feed->jobs);
    free(run->jobs);
    run->jobs = NULL;
}

/* ---- its fields ---- */

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
        push_jobs(L, run);
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
    static const struct lua_clock clock = {reads_clock};
    lua_pop(L, 1);
    lua_clock_hear(L, &clock);
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
