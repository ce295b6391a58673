/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to Lua values, and back. Integers stay integers; arrays stay arrays, by a mark that only lua_json.c reads;
 * null is json.null, a light userdata. Numbers beyond 64 bits become floats: to lose no digit, keep the text
 * (job:json()). */
#ifndef MPIJOBD_POLICY_VALUES_LUA_JSON_H
#define MPIJOBD_POLICY_VALUES_LUA_JSON_H

#include <lua.h>

#include "json/write.h"

/* Pushes the value, nil where it is absent. May raise a memory error. */
void lua_json_push(lua_State *L, struct json value);
void lua_json_push_null(lua_State *L);

/* Marks the table at index as an array, so that an empty one is written as []. */
void lua_json_mark_array(lua_State *L, int index);

/* Appends the value at index as compact JSON. Never raises a Lua error, and calls no metamethods. Tables with only the
 * keys 1..n become arrays, others objects; an empty table without a mark becomes {}. Give `out` a bound: a table that
 * holds another one many times can be written without end. 0, ERR_INVALID with the path in the message ("spec.args[2]
 * is a function"), ERR_LIMIT, ERR_NOMEM. */
int lua_json_read(lua_State *L, int index, struct buf *out, struct error *err);
/* The same, within the CPU budget of the run: it may raise a Lua error, so `out` must belong to something that Lua
 * collects. */
int lua_json_read_long(lua_State *L, int index, struct buf *out, struct error *err);

/* Sets *out to the whole number at index (3600 or 3600.0, but not a string). False: something else is there. */
bool lua_whole(lua_State *L, int index, int64_t *out);

/* The value at index in words, for a message: "the number 5", "a table". Returns out. Never raises a Lua error. */
const char *lua_describe(lua_State *L, int index, char *out, size_t size);

#endif
