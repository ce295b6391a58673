/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a script that waits for an operation outside Lua. Its memory lives until both have ended, the run and the
 * operation, in whichever order.
 *
 *     struct get { struct pending pending; ... };
 *     struct get *g = pending_new(L, sizeof *g, abort_get, free_get);   pushes a guard, to be left on the stack
 *     ... start the operation with g as its data ...
 *     return pending_wait(L, &g->pending, get_k);
 *     operation's callback: keep the results in g; pending_finish(&g->pending);
 *     get_k: struct get *g = (struct get *)ctx; push the results, return their number; the guard frees g later.
 *
 * abort: the run went away; the operation has to end (its callback still comes, and pending_finish frees). */
#ifndef MPIJOBD_BINDING_BASE_PENDING_H
#define MPIJOBD_BINDING_BASE_PENDING_H

#include "script/script.h"

struct pending_guard;
struct pending {
    struct script_wait wait;
    struct pending_guard *guard; /* NULL: the run is gone */
    bool started, finished;
    void (*abort)(struct pending *);
    void (*release)(struct pending *); /* frees what the results hold; the memory itself is freed after it */
};

/* Zeroed memory; raises a Lua error where memory is out. */
void *pending_new(lua_State *L, size_t size, void (*abort)(struct pending *), void (*release)(struct pending *));
/* After the operation was started. Returns what the C function has to return. */
int pending_wait(lua_State *L, struct pending *pending, lua_KFunction k);
/* The operation has ended: the run goes on with k, or the memory is freed where the run is gone. */
void pending_finish(struct pending *pending);
/* For k, after it has pushed the results: the memory is freed now, not when Lua collects its garbage. */
void pending_over(struct pending *pending);

#endif
