/* SPDX-License-Identifier: Apache-2.0 */
/* Why a policy acts on a job, as a Lua value: for the function `why` of policies and that of specs. */
#ifndef MPIJOBD_BINDING_LUA_WHY_H
#define MPIJOBD_BINDING_LUA_WHY_H

#include <lua.h>

#include "why/why.h"

/* Pushes the tree as a table, which prints as `mpijobd why` does. May raise a memory error: the tree and `text`, which
 * is emptied first, belong to something that Lua collects. */
void lua_why_push(lua_State *L, const struct why *why, struct buf *text);

#endif
