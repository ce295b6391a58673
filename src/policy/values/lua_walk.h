/* SPDX-License-Identifier: Apache-2.0 */
/* Goes through a Lua value and everything that can be reached from it: tables, functions with the values that they have
 * caught and the globals that they read. Bounded. */
#ifndef MPIJOBD_POLICY_VALUES_LUA_WALK_H
#define MPIJOBD_POLICY_VALUES_LUA_WALK_H

#include <lua.h>
#include <stdbool.h>

#include "base/buf.h"
#include "script/scan/function_scan.h"

struct lua_walk {
    struct buf *text; /* appended: what tells the value from another, the same in every process; NULL: nothing is */
    /* For each use in the author's functions; NULL: not asked for. source: "@policies/free.lua". */
    void (*use)(void *data, const char *source, const struct function_use *use);
    void *data;
    size_t left; /* work that may be done yet, about 100 ns each: a value, 64 bytes of text or code; counts down */
    bool opaque; /* there is something that cannot be looked into, or too much */
    /* lua_walk's own: */
    int seen;          /* index of the table of what was seen, by its number */
    lua_Integer count; /* of these */
    struct buf names;  /* of globals that are to be gone through */
    struct buf dump;
    struct lua_walk_names *upvalues; /* of the function that is looked at */
    char source[1024];
    bool all; /* all globals were gone through */
};

/* The value at index. May raise a memory error: lua_walk_free is then the caller's all the same. */
void lua_walk(lua_State *L, int index, struct lua_walk *walk);
void lua_walk_free(struct lua_walk *walk);

#endif
