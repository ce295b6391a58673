#include "run/run_jobs.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "policy/lua_job.h"
#include "run/lua_run.h"
#include "run/runs.h"

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

/* Pushes the next job: 1; 0: the end is pushed; -1: it has to be waited for. */
static int push_next(lua_State *L, struct run_jobs *j)
{
    struct str object;
    switch (listing_next(j->listing, &object)) {
    case LISTING_JOB:
        lua_job_push(L, object, j->run->site->cluster, j->run->policy->kind, j->run->site->clock)->as_of =
            listing_as_of(j->listing);
        return 1;
    case LISTING_WAIT:
        return -1;
    case LISTING_ERROR:
        luaL_error(L, "run.jobs: %s", listing_error(j->listing)->message);
        return 0;
    case LISTING_END:
        break;
    }
    lua_pushnil(L);
    return 0;
}

static int next_k(lua_State *L, int status, lua_KContext ctx);

/* Index 1: the job; 2: what `where` said of it, or its error. */
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
        return luaL_error(L, "run.jobs is of a run that is over");
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
    struct listing_call call = {
        .site = run->site,
        .watches = run->runs->watches,
        .kind = run->policy->kind,
        .match = run->policy->match,
        .ready = wake,
        .data = j,
    };
    j->run = run;
    j->listing = run->feed ? run->feed->jobs : listing_new(&call, err);
    if (j->listing)
        return j;
    free(j);
    return NULL;
}

void run_jobs_push(lua_State *L, struct run *run)
{
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

/* Jobs that the function never asked for are a feed's all the same. */
void run_jobs_free(struct run *run)
{
    if (run->jobs)
        listing_free(run->jobs->listing);
    else if (run->feed && run->policy->action == ACTION_RUN)
        listing_free(run->feed->jobs);
    free(run->jobs);
    run->jobs = NULL;
}
