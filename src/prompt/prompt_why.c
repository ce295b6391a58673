/* SPDX-License-Identifier: Apache-2.0 */
/* why(job, policy) of a session: asked of the engine, about any policy in force. */
#include <lauxlib.h>

#include "binding/base/values.h"
#include "binding/lua_why.h"
#include "prompt/parts.h"
#include "why/gather.h"

struct asking {
    struct lua_why_asking why;
    char name_space[256], name[256];
};

int prompt_why(lua_State *L)
{
    struct prompt *p = prompt_of(L);
    const char *policy = luaL_checkstring(L, 1);
    const struct lua_job *job = lua_job_at(L, 2);
    lua_settop(L, 2);
    struct asking *a = lua_why_asking_new(L, sizeof *a);
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
        .done = lua_why_told,
        .data = a,
    };
    lua_pop(L, 1);
    if (engine_why(p->o.engine, &call, &a->why.request, &a->why.err))
        return push_failure(L, &a->why.err);
    return lua_why_wait(L, &a->why);
}
