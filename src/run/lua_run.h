/* `run` in Lua: what the run that is asking is. One object a state; its fields are those of whichever run reads them.
 * run.jobs are the jobs of a run function, one by one: with `on` those of the batch, else all that match. */
#ifndef MPIJOBD_RUN_LUA_RUN_H
#define MPIJOBD_RUN_LUA_RUN_H

#include <lua.h>

struct run;

void lua_run_push(lua_State *L);
/* The policy's run that L belongs to; NULL while the file is loading. */
struct run *lua_run_of(lua_State *L);
/* The run has ended: its run.jobs is over. */
void lua_run_free(struct run *run);

#endif
