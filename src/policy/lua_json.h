/* JSON and Lua values. Integers stay integers, arrays stay arrays (a mark that only this file reads), null is json.null
 * (a light userdata). Numbers beyond 64 bits become floats: for a lossless way keep the text (job:json()). */
#ifndef MPIJOBD_POLICY_LUA_JSON_H
#define MPIJOBD_POLICY_LUA_JSON_H

#include <lua.h>

#include "json/write.h"

/* Pushes the value; may raise a memory error. Absent: nil. */
void lua_json_push(lua_State *L, struct json value);
void lua_json_push_null(lua_State *L);

/* Marks the table at index as an array, so that an empty one is written as []. */
void lua_json_mark_array(lua_State *L, int index);

/* Appends the value at index as compact JSON. Never raises: an error names the path ("spec.args[2] is a function"). No
 * metamethods are called. Tables with only keys 1..n are arrays, others objects; an empty unmarked table is {}. Give
 * out a most: a table that holds another one many times can be written without end. */
int lua_json_read(lua_State *L, int index, struct buf *out, struct error *err);
/* The same within the run's CPU budget: it may not return, so that out has to be found by others (Lua's garbage
 * collection). */
int lua_json_read_long(lua_State *L, int index, struct buf *out, struct error *err);

/* The number at index as a whole one (3600 and 3600.0, no string). */
bool lua_whole(lua_State *L, int index, int64_t *out);

/* The value at index as text for a message: "a number (5)", "a table". Never raises. */
const char *lua_describe(lua_State *L, int index, char *out, size_t size);

#endif
