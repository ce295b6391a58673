/* What a policy writes as changes, `{ cleanPodPolicy = "All", labels = { a = "b", c = remove } }`, read into
 * mpijob_changes; and the globals `remove` and `exactly`. */
#ifndef MPIJOBD_POLICY_LUA_CHANGES_H
#define MPIJOBD_POLICY_LUA_CHANGES_H

#include <lua.h>

#include "mpijob/change/job_changes.h"

/* Never raises. changes is filled (and the caller's to free, also after an error).
 * An unknown field names the nearest. */
int lua_changes_read(lua_State *L, int index, struct mpijob_changes *changes, struct error *err);

/* Sets the globals `remove` and `exactly` in the table at the top of the stack. */
void lua_changes_open(lua_State *L);

#endif
