/* SPDX-License-Identifier: Apache-2.0 */
/* job.workers.active where the status does not say it: the pods are counted, once a run. */
#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "mpijob/dialect.h"
#include "run/lua_run.h"
#include "run/run_pods.h"

struct workers {
    struct pending pending;
    struct run_pods_wait wait;
};

static void ready(struct run_pods_wait *wait)
{
    pending_finish(&((struct workers *)((char *)wait - offsetof(struct workers, wait)))->pending);
}

static void abort_workers(struct pending *p)
{
    run_pods_leave(&((struct workers *)p)->wait);
    pending_finish(p);
}

static void release_workers(struct pending *p)
{
    (void)p;
}

static int counted_k(lua_State *L, int status, lua_KContext ctx);

/* Where it was not seen how the pods are labelled (CCI), that none has upstream's labels proves nothing. */
static void push_crew(lua_State *L, const struct mpijob_view *view, struct mpijob_crew crew)
{
    if (!mpijob_dialect(view->target)->pods_seen && !crew.workers && !crew.launchers)
        lua_pushnil(L);
    else
        lua_pushinteger(L, crew.workers);
}

/* The job is at index 1. */
static int push_workers(lua_State *L)
{
    struct run *run = lua_run_of(L);
    struct lua_job *job = lua_job_at(L, 1);
    const struct mpijob_pods *pods;
    if (!run || !job || job->cluster != run->site->cluster) { /* a job that the script kept from another run */
        lua_pushnil(L);
        return 1;
    }
    struct workers *w = pending_new(L, sizeof *w, abort_workers, release_workers);
    w->wait.ready = ready;
    switch (run_pods_get(run, job->view.target.kind, &w->wait, &pods)) {
    case RUN_PODS_WAIT:
        return pending_wait(L, &w->pending, counted_k);
    case RUN_PODS_READY:
        push_crew(L, &job->view, mpijob_pods_of(pods, &job->view));
        break;
    case RUN_PODS_FAILED:
        lua_pushnil(L);
        break;
    }
    pending_over(&w->pending);
    return 1;
}

static int counted_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    pending_over((struct pending *)ctx);
    return push_workers(L);
}

int l_mpijob_workers(lua_State *L)
{
    lua_settop(L, 1);
    return push_workers(L);
}
