/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the conditions of a policy, `match = { ... }`, into mpijob_match; mpijob.list takes the same table. */
#ifndef MPIJOBD_POLICY_DEFINITION_LUA_MATCH_H
#define MPIJOBD_POLICY_DEFINITION_LUA_MATCH_H

#include <lua.h>

#include "mpijob/match/match.h"

/* index: a table, or nil, which matches all jobs. `report` is called for each thing that is wrong, with its key
 * ("match.finished_for"). *where becomes a reference of the function into Lua's registry, LUA_NOREF where there is
 * none; NULL: `where` is not allowed here. Returns how many things are wrong, or ERR_NOMEM. Raises no Lua error but the
 * memory error of luaL_ref. */
typedef void (*lua_finding)(void *data, const char *key, const char *message);
int lua_match_read(lua_State *L, int index, struct mpijob_match *match, int *where, lua_finding report, void *data);
/* Is it a condition of the program's own? */
bool lua_match_has(const char *key);

#endif
