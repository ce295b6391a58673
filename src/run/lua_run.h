/* `run` in Lua: what the run that is asking is. One object a state; its fields are those of whichever run reads them.
 */
#ifndef MPIJOBD_RUN_LUA_RUN_H
#define MPIJOBD_RUN_LUA_RUN_H

#include <lua.h>

struct run;

void lua_run_push(lua_State *L);
/* The policy's run that L belongs to; NULL while the file is loading. */
struct run *lua_run_of(lua_State *L);

#endif
