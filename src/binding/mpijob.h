/* The files of the mpijob module share these. */
#ifndef MPIJOBD_BINDING_MPIJOB_H
#define MPIJOBD_BINDING_MPIJOB_H

#include <lua.h>

#include "mpijob/kind.h"

/* There is a module for each kind, of the same functions: their first upvalue is the kind. */
enum mpijob_kind module_kind(lua_State *L);
/* "pytorchjob.replace", for messages. Returns out. */
#define MODULE_CALL_MAX 48
const char *module_call(enum mpijob_kind kind, const char *function, char out[MODULE_CALL_MAX]);

int l_mpijob_get(lua_State *L);
int l_mpijob_list(lua_State *L);
int l_mpijob_patch(lua_State *L);
int l_mpijob_create(lua_State *L);
int l_mpijob_delete(lua_State *L);
int l_mpijob_watch(lua_State *L);
int l_mpijob_pods(lua_State *L);
int l_mpijob_launcher(lua_State *L);
int l_mpijob_replace(lua_State *L);
int l_mpijob_replace_once(
    lua_State *L); /* with a table of changes; a function of the job is Lua's (lua/mpijobd/mpijob.lua) */
int l_mpijob_replace_object(lua_State *L);
int l_mpijob_workers(lua_State *L); /* of a job: the number of its workers that are there, or nil; not in the module */

#endif
