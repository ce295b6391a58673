/* SPDX-License-Identifier: Apache-2.0 */
/* The modules that policies see, in one table. From it a fresh state is opened, `require` knows the names that there
 * are, and `mpijobd rbac` and `mpijobd doctor` know what a function needs. A new module is a row in modules.c and a
 * file in lua/types/. A new function is a row in the table of its module, which does not compile without its
 * permissions. */
#ifndef MPIJOBD_BINDING_MODULES_H
#define MPIJOBD_BINDING_MODULES_H

#include <lua.h>
#include <stdbool.h>

#include "binding/permissions.h"

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
    enum mpijob_kind kind;
};

/* The modules one after the other, from 0 on; false: there is none. What it points to is static. */
bool binding_module_at(size_t index, struct binding_module *module);
/* NULL: the module has no such function. */
const struct binding_function *binding_function_of(const struct binding_module *module, struct str name);

/* Opens all of them in a fresh sandboxed state (script_protect); leaves the stack as it was. Returns 0. */
int binding_open(lua_State *L);

/* In the registry: what `require` has given by name: the tables of the modules, as opened, as a script may overwrite
 * its globals; and the values of the user's own files. */
#define MODULES_OPENED "mpijobd.modules"

/* The rows, each in the file of its module. */
extern const struct binding_module module_policy, module_run, module_of_kinds, module_kube, module_log, module_time,
    module_sleep, module_json, module_cjson, module_require;

/* json.encode and json.decode, for cjson.c. */
int binding_json_encode(lua_State *L);
int binding_json_decode(lua_State *L);
/* Pushes the value at index as JSON of at most `most` bytes. With an error (err says which) it pushes the beginning.
 * Within the CPU budget of the run: it may raise a Lua error. */
int binding_json_push(lua_State *L, int index, size_t most, struct error *err);

#endif
