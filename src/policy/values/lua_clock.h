/* SPDX-License-Identifier: Apache-2.0 */
/* The clock as scripts read it: every reading passes here, so that the floor above can keep it with the run, or give
 * the one of a recording instead. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_CLOCK_H
#define MPIJOBD_POLICY_VALUES_LUA_CLOCK_H

#include <lua.h>

#include "base/clock.h"

/* Microseconds since 1970. */
int64_t lua_clock_now(lua_State *L, const struct clock *clock);

/* reads is given each reading of this state, and returns what the script gets. Of the floor above, once in a state. */
struct lua_clock {
    int64_t (*reads)(lua_State *L, int64_t now);
};
/* The struct is static. */
void lua_clock_hear(lua_State *L, const struct lua_clock *hears);

#endif
