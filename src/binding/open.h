/* All modules that a policy sees, registered in a fresh sandboxed state (script_protect). */
#ifndef MPIJOBD_BINDING_OPEN_H
#define MPIJOBD_BINDING_OPEN_H

#include <lua.h>

int binding_open(lua_State *L);

/* One function a module; each leaves the stack as it was. */
void binding_open_policy(lua_State *L); /* policy, remove, exactly, run */
void binding_open_mpijob(lua_State *L);
void binding_open_kube(lua_State *L);
void binding_open_log(lua_State *L);
void binding_open_time(lua_State *L); /* time, sleep */
void binding_open_json(lua_State *L); /* json, require */

#endif
