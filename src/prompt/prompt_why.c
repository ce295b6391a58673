/* SPDX-License-Identifier: Apache-2.0 */
/* why(job, policy) of a session: asked of the engine, about any policy in force. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/lua_why.h"
#include "prompt/parts.h"
#include "why/gather.h"

struct asking {
    struct pending pending;
    struct why_request *request; /* NULL: it has ended */
    struct why *why;
    struct buf text;
    struct error err; /* code 0: none */
    char name_space[256], name[256];
};

static void told(void *data, struct why *why, const struct error *err)
{
    struct asking *a = data;
    a->request = NULL;
    a->why = why;
    if (err)
        a->err = *err;
    pending_finish(&a->pending);
}

static void give_up(struct pending *p)
{
    struct asking *a = (struct asking *)p;
    if (a->request)
        why_cancel(a->request);
}

static void release(struct pending *p)
{
    struct asking *a = (struct asking *)p;
    if (a->why)
        why_free(a->why);
    free(a->why);
    buf_free(&a->text);
}

static int told_k(lua_State *L, int status, lua_KContext ctx)
{
    struct asking *a = (struct asking *)ctx; // NOLINT(performance-no-int-to-ptr)
    int n = 1;
    (void)status;
    if (a->err.code) {
        n = push_failure(L, &a->err);
    } else {
        script_charge(L, a->why->cpu);
        lua_why_push(L, a->why, &a->text);
    }
    pending_over(&a->pending);
    return n;
}

int prompt_why(lua_State *L)
{
    struct prompt *p = prompt_of(L);
    const char *policy = luaL_checkstring(L, 1);
    const struct lua_job *job = lua_job_at(L, 2);
    lua_settop(L, 2);
    struct asking *a = pending_new(L, sizeof *a, give_up, release);
    if (job)
        lua_pushstring(L, job->key);
    else
        lua_pushvalue(L, 2);
    check_key(L, lua_gettop(L), a->name_space, a->name);
    struct engine_why call = {
        .policy = policy,
        .cluster = cluster_name(p->at.runs->site->cluster),
        .name_space = a->name_space,
        .name = a->name,
        .kind = job ? &job->view.target.kind : NULL,
        .daemon = true,
        .reviews = true,
        .done = told,
        .data = a,
    };
    lua_pop(L, 1);
    if (engine_why(p->o.engine, &call, &a->request, &a->err))
        return push_failure(L, &a->err);
    return pending_wait(L, &a->pending, told_k);
}
