/* SPDX-License-Identifier: Apache-2.0 */
/* What a module of Lua is: its row in the table of binding/modules.h, in the file of the module. */
#ifndef MPIJOBD_BINDING_BASE_MODULE_H
#define MPIJOBD_BINDING_BASE_MODULE_H

#include <lua.h>
#include <stdbool.h>

#include "binding/base/permissions.h"

struct binding_function {
    const char *name;
    lua_CFunction call; /* NULL: the module's `open` makes it */
    unsigned needs;     /* MAY_...: it fails without them */
};

struct binding_module {
    const char *name;        /* its global, and what `require` takes; NULL: the functions are globals themselves */
    const char *annotations; /* its file in lua/types/; NULL: not our own, and described elsewhere */
    const struct binding_function *functions;                   /* ends in a NULL name; NULL: none */
    void (*open)(lua_State *L, const struct binding_module *m); /* adds what else there is to the module's table, which
                                                                   is on top of the stack (NULL: nothing) */
    lua_CFunction late; /* makes the whole module at its first `require`, and there is no global; else NULL */
    unsigned needs;     /* of a use that names no function, as `local m = mpijob`: MAY_... */
    bool of_a_kind;     /* one such module for each kind of job, under the kind's name; its functions have the kind as
                           their first upvalue */
    const struct mpijob_kind *kind;
};

extern const struct binding_module module_json; /* json.c */

/* json.encode and json.decode, for other modules. */
int binding_json_encode(lua_State *L);
int binding_json_decode(lua_State *L);
/* Pushes the value at index as JSON of at most `most` bytes. With an error (err says which) it pushes the beginning.
 * Within the CPU budget of the run: it may raise a Lua error. */
int binding_json_push(lua_State *L, int index, size_t most, struct error *err);

#endif
