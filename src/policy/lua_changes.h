/* SPDX-License-Identifier: Apache-2.0 */
/* Reads changes as a policy writes them, `{ cleanPodPolicy = "All", labels = { a = "b", c = remove } }`, into
 * mpijob_changes; and sets the globals `remove` and `exactly`. */
#ifndef MPIJOBD_POLICY_LUA_CHANGES_H
#define MPIJOBD_POLICY_LUA_CHANGES_H

#include <lua.h>

#include "mpijob/change/job_changes.h"

/* Never raises a Lua error. Fills changes, which the caller frees, also after an error. The error about an unknown
 * field names the nearest one. 0, ERR_INVALID or another of mpijob_changes_set and mpijob_changes_map, ERR_LIMIT (a
 * value that is too large), ERR_NOMEM. */
int lua_changes_read(lua_State *L, int index, struct mpijob_changes *changes, struct error *err);

/* Sets the globals `remove` and `exactly` in the table at the top of the stack. */
void lua_changes_open(lua_State *L);

#endif
