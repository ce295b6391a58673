/* SPDX-License-Identifier: Apache-2.0 */
/* One place for all readings of the clock. */
#include "policy/values/lua_clock.h"

static char hears_mark;

int64_t lua_clock_now(lua_State *L, const struct clock *clock)
{
    int64_t now = clock_now(clock);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &hears_mark);
    const struct lua_clock *hears = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return hears ? hears->reads(L, now) : now;
}

void lua_clock_hear(lua_State *L, const struct lua_clock *hears)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)hears);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &hears_mark);
}
