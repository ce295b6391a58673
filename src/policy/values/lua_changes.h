/* SPDX-License-Identifier: Apache-2.0 */
/* Reads changes as a policy writes them, `{ cleanPodPolicy = "All", labels = { a = "b", c = remove } }`, into
 * mpijob_changes; and sets the globals `remove` and `exactly`. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_CHANGES_H
#define MPIJOBD_POLICY_VALUES_LUA_CHANGES_H

#include <lua.h>

#include "mpijob/change/job_changes.h"

/* Raises no Lua error but a memory error. Of several mistakes it tells the first, by the names of fields and keys.
 * Fills changes, which the caller frees, also after an error. The error about an unknown field names the nearest one.
 * 0, ERR_INVALID or another of mpijob_changes_set and mpijob_changes_map, ERR_LIMIT (a value that is too large),
 * ERR_NOMEM. */
int lua_changes_read(lua_State *L, int index, struct mpijob_changes *changes, struct error *err);
/* The same, and goes on after a mistake: found is called for each. field: "labels", "cleanPodPolicy"; "": of the
 * changes as a whole. key: the label's or annotation's; NULL: none. Returns ERR_INVALID where found was called. */
typedef void (*lua_changes_finding)(void *data, const char *field, const char *key, const char *message);
int lua_changes_read_all(lua_State *L, int index, struct mpijob_changes *changes, lua_changes_finding found, void *data,
                         struct error *err);

/* Sets the globals `remove` and `exactly` in the table at the top of the stack. */
void lua_changes_open(lua_State *L);

#endif
