/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a Lua table in an order that is the same in every process, so that of several mistakes the same one is
 * told first each time. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_KEYS_H
#define MPIJOBD_POLICY_VALUES_LUA_KEYS_H

#include <lua.h>

/* Pushes a list of the keys of the table at index: strings as strcmp has them, then all others, whole numbers by their
 * size. Returns how many there are; -1: more than `most`, and then nothing is pushed. May raise a memory error. */
int lua_keys_push(lua_State *L, int index, int most);
/* For the key of that number, from 1 on, of the list at `list`: pushes the key, and its value in the table at index. */
void lua_keys_get(lua_State *L, int index, int list, int number);

#endif
