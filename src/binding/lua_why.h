/* SPDX-License-Identifier: Apache-2.0 */
/* Why a policy acts on a job, as a Lua value: for the function `why` of policies and that of specs. */
#ifndef MPIJOBD_BINDING_LUA_WHY_H
#define MPIJOBD_BINDING_LUA_WHY_H

#include <lua.h>

#include "binding/base/pending.h"
#include "why/why.h"

/* Pushes the tree as a table, which prints as `mpijobd why` does. May raise a memory error: the tree and `text`, which
 * is emptied first, belong to something that Lua collects. */
void lua_why_push(lua_State *L, const struct why *why, struct buf *text);

/* A call that waits for the tree; the first member of what a function needs besides. */
struct lua_why_asking {
    struct pending pending;
    struct why_request *request; /* NULL: it has ended */
    struct why *why;
    struct buf text;
    struct error err; /* code 0: none */
    int64_t extra_us; /* of CPU time that it counts to the run, beside what the functions took */
};
/* pending_new of so many bytes, as zeros. Where the request cannot be made, return push_failure(L, &asking->err). */
void *lua_why_asking_new(lua_State *L, size_t size);
/* The request's `done`, with the asking as its data. */
void lua_why_told(void *data, struct why *why, const struct error *err);
/* Waits for that, and returns the tree, or nil and the error. */
int lua_why_wait(lua_State *L, struct lua_why_asking *asking);

#endif
