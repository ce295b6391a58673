/* The files of the kube module share these: lua/types/kube.lua. */
#ifndef MPIJOBD_BINDING_KUBE_H
#define MPIJOBD_BINDING_KUBE_H

#include <lua.h>

int l_kube_get(lua_State *L);
int l_kube_list(lua_State *L);
int l_kube_watch(lua_State *L);
int l_kube_patch(lua_State *L);
int l_kube_replace(lua_State *L);
int l_kube_create(lua_State *L);
int l_kube_delete(lua_State *L);

#endif
