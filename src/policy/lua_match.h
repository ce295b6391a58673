/* `match = { ... }` of a policy, and the same table for mpijob.list, compiled into mpijob_match. */
#ifndef MPIJOBD_POLICY_LUA_MATCH_H
#define MPIJOBD_POLICY_LUA_MATCH_H

#include <lua.h>

#include "mpijob/match/match.h"

/* Never raises. An error names the key ("match.finished_for: ...") and is handed to `report`, once for each finding, so
 * that all are told at once; returns the number of findings, or a negative code when out of memory. where: set to a
 * registry reference of the function (luaL_ref; may raise a memory error), LUA_NOREF without one; NULL: `where` is not
 * allowed here. index: a table, or nil for none (matches all). */
typedef void (*lua_finding)(void *data, const char *key, const char *message);
int lua_match_read(lua_State *L, int index, struct mpijob_match *match, int *where, lua_finding report, void *data);

#endif
