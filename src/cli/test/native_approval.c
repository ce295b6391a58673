/* SPDX-License-Identifier: Apache-2.0 */
/* What a spec says to runs that wait for approval, in place of a person. */
#include <lauxlib.h>
#include <stdio.h>

#include "approval/approvals.h"
#include "cli/test/spec_parts.h"

static struct approvals *approvals_of(lua_State *L)
{
    const struct spec *s = spec_of(L);
    return s->world && world_engine(s->world) ? engine_approvals(world_engine(s->world)) : NULL;
}

static void list_one(void *data, const struct approval *a)
{
    lua_State *L = data;
    if (*a->approved_by)
        return;
    lua_pushinteger(L, a->run);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/* waiting(): the numbers of the runs that wait */
static int l_waiting(lua_State *L)
{
    lua_newtable(L);
    luaL_checkstack(L, 4, NULL);
    approvals_each(approvals_of(L), list_one, L);
    return 1;
}

static void decided(void *data, const struct approval_result *result, const struct error *err)
{
    (void)data; /* the test looks at what comes of it */
    (void)result;
    (void)err;
}

/* decide(run, "approve" or "reject") */
static int l_decide(lua_State *L)
{
    static const char *const words[] = {"approve", "reject", NULL};
    struct approval_call call = {.run = luaL_checkinteger(L, 1), .done = decided};
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    snprintf(call.who.name, sizeof call.who.name, "the spec");
    int rejects = luaL_checkoption(L, 2, NULL, words);
    if (rejects ? approvals_reject(approvals_of(L), &call, err) : approvals_approve(approvals_of(L), &call, err))
        return luaL_error(L, "%s", err->message);
    return 0;
}

void native_open_approval(lua_State *L)
{
    lua_pushcfunction(L, l_waiting);
    lua_setfield(L, -2, "waiting");
    lua_pushcfunction(L, l_decide);
    lua_setfield(L, -2, "decide");
}
