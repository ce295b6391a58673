/* SPDX-License-Identifier: Apache-2.0 */
/* `run` in Lua, and run.jobs. A Lua state has one `run` object: its fields are those of the run that reads them.
 * run.jobs gives a run function its jobs, one by one: with `on` those of the batch, else all that match. */
#ifndef MPIJOBD_RUN_LUA_RUN_H
#define MPIJOBD_RUN_LUA_RUN_H

#include <lua.h>
#include <stdbool.h>

struct run;

/* Pushes the object; may raise a memory error. */
void lua_run_push(lua_State *L);
/* The policy's run that L belongs to; NULL while the file is being loaded. */
struct run *lua_run_of(lua_State *L);
bool lua_run_loading(lua_State *L); /* a policy file is being loaded, or required by one that is */
/* The run has ended: its run.jobs is over. */
void lua_run_free(struct run *run);

#endif
