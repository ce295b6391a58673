/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a call that waits, freed when both the run and the operation have ended. */
#include "binding/base/pending.h"

#include <lauxlib.h>
#include <stdlib.h>

struct pending_guard {
    struct pending *pending;
};

static char guard_mark;

static void let_go(struct pending *p)
{
    p->release(p);
    free(p);
}

static void run_gone(struct pending *p)
{
    if (p->guard)
        p->guard->pending = NULL;
    p->guard = NULL;
    if (p->started && !p->finished)
        p->abort(p); /* pending_finish will free it */
    else
        let_go(p);
}

static void cancelled(struct script_wait *wait)
{
    run_gone((struct pending *)((char *)wait - offsetof(struct pending, wait)));
}

static int l_gc(lua_State *L)
{
    struct pending_guard *guard = lua_touserdata(L, 1);
    if (guard->pending)
        run_gone(guard->pending);
    return 0;
}

void *pending_new(lua_State *L, size_t size, void (*abort)(struct pending *), void (*release)(struct pending *))
{
    struct pending_guard *guard = lua_newuserdatauv(L, sizeof *guard, 0);
    guard->pending = NULL;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_mark) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, l_gc);
        lua_setfield(L, -2, "__gc");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_mark);
    }
    lua_setmetatable(L, -2);
    struct pending *p = calloc(1, size);
    if (!p) {
        luaL_error(L, "not enough memory");
        return NULL; /* not reached; luaL_error does not say so */
    }
    p->guard = guard;
    p->abort = abort;
    p->release = release;
    p->wait.cancel = cancelled;
    guard->pending = p;
    return p;
}

int pending_wait(lua_State *L, struct pending *p, lua_KFunction k)
{
    p->started = true;
    return script_wait(L, &p->wait, k, (lua_KContext)p);
}

void pending_over(struct pending *p)
{
    p->guard->pending = NULL;
    let_go(p);
}

void pending_finish(struct pending *p)
{
    p->finished = true;
    if (p->guard)
        script_wake(&p->wait);
    else
        let_go(p);
}
