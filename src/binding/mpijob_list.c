/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.list { match... }: an iterator over the jobs that match; pages come as they are needed. A list that fails
 * raises its error, because a loop that ended quietly would look like the end of the jobs. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "jobs/listing.h"
#include "policy/definition/lua_match.h"
#include "run/lua_run.h"
#include "run/made_names.h"
#include "run/runs.h"

#define LIST_BYTES 4096 /* about, outside Lua, of a list that is not over, without its conditions */
#define LIST_UNITS 5000 /* its conditions are read */

struct list {
    struct script_wait wait;
    struct site *site;
    const struct mpijob_kind *kind;
    struct mpijob_match *match;
    struct listing *listing;
    bool waiting;
    struct error err;
    char finding[1024];
    size_t counted; /* bytes outside Lua that are counted to the script's memory */
};

static void wake(void *data)
{
    struct list *l = data;
    if (!l->waiting)
        return;
    l->waiting = false;
    script_wake(&l->wait);
}

static void cancelled(struct script_wait *wait)
{
    ((struct list *)((char *)wait - offsetof(struct list, wait)))->waiting = false;
}

static int l_close(lua_State *L)
{
    struct list *l = lua_touserdata(L, 1);
    listing_free(l->listing);
    mpijob_match_free(l->match);
    script_native(L, l->counted, 0);
    l->counted = 0;
    l->listing = NULL;
    l->match = NULL;
    wake(l); /* another coroutine may wait for it, and sees the end */
    return 0;
}

static int next_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct list *l = (struct list *)ctx;
    struct str object;
    struct lua_job *job;
    if (!l->listing) {
        lua_pushnil(L);
        return 1;
    }
    switch (listing_next(l->listing, &object)) {
    case LISTING_JOB:
        job = lua_job_push(L, object, l->site->cluster, l->kind, l->site->clock);
        job->as_of = listing_as_of(l->listing);
        run_name_for(lua_run_of(L), job->view.uid);
        return 1;
    case LISTING_WAIT:
        l->wait = (struct script_wait){.cancel = cancelled};
        l->waiting = true;
        return script_wait(L, &l->wait, next_k, ctx);
    case LISTING_ERROR:
        push_error(L, listing_error(l->listing));
        return lua_error(L);
    default:
        run_name_for(lua_run_of(L), (struct str){0});
        lua_pushnil(L);
        return 1;
    }
}

static int l_next(lua_State *L)
{
    struct list *l = lua_touserdata(L, lua_upvalueindex(1));
    if (l->waiting)
        return luaL_error(L, "this list is being waited for by another coroutine already");
    return next_k(L, LUA_OK, (lua_KContext)l);
}

static void finding(void *data, const char *key, const char *message)
{
    struct list *l = data;
    if (!l->finding[0])
        snprintf(l->finding, sizeof l->finding, "%s.list: %s %s", mpijob_kind_info(l->kind)->singular, key, message);
}

static void push_list(lua_State *L)
{
    struct list *l = lua_newuserdatauv(L, sizeof *l, 0);
    memset(l, 0, sizeof *l);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, l_close);
    lua_setfield(L, -2, "__close");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

int l_mpijob_list(lua_State *L)
{
    lua_settop(L, 1);
    char call_name[MODULE_CALL_MAX];
    const struct mpijob_kind *kind = module_kind(L);
    struct run *run = check_run(L, module_call(kind, "list", call_name));
    push_list(L);
    struct list *l = lua_touserdata(L, -1);
    l->site = run->site;
    l->kind = kind;
    l->match = mpijob_match_new();
    if (!l->match)
        return luaL_error(L, "not enough memory");
    if (lua_match_read(L, 1, l->match, NULL, finding, l))
        return luaL_error(L, "%s", l->finding);
    l->counted = LIST_BYTES + mpijob_match_bytes(l->match);
    script_native(L, 0, l->counted);
    lua_gc(L, LUA_GCSTEP, (int)(l->counted / 1024)); /* lists that nobody needs any more are found in time */
    script_work(L, LIST_UNITS);
    struct listing_call call = {
        .site = run->site, .watches = run->runs->watches, .kind = l->kind, .match = l->match, .ready = wake, .data = l};
    call.seat = run_seat(run);
    l->listing = listing_new(&call, &l->err);
    if (!l->listing)
        return luaL_error(L, "%s", l->err.message);
    lua_pushvalue(L, -1);
    lua_pushcclosure(L, l_next, 1);
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, 2); /* closed when the loop is left early */
    return 4;
}
