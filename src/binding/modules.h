/* SPDX-License-Identifier: Apache-2.0 */
/* The modules that policies see, in one table. From it a fresh state is opened, `require` knows the names that there
 * are, and `mpijobd rbac` and `mpijobd doctor` know what a function needs. A new module is a row in modules.c and a
 * file in lua/types/. A new function is a row in the table of its module, which does not compile without its
 * permissions. */
#ifndef MPIJOBD_BINDING_MODULES_H
#define MPIJOBD_BINDING_MODULES_H

#include "binding/base/module.h"
#include "binding/outside/outside_modules.h"

/* The modules one after the other, from 0 on; false: there are no more. What it points to is static. */
bool binding_module_at(size_t index, struct binding_module *module);
/* NULL: the module has no such function. */
const struct binding_function *binding_function_of(const struct binding_module *module, struct str name);

/* Opens all of them in a fresh sandboxed state (script_protect); leaves the stack as it was. Returns 0. */
int binding_open(lua_State *L);

/* In the registry: what `require` has given by name: the tables of the modules, as opened, as a script may overwrite
 * its globals; and the values of the user's own files. */
#define MODULES_OPENED "mpijobd.modules"

/* No file is being required: of a state in which a call was ended in the midst of one, before the next call. */
void binding_require_begin(lua_State *L);

/* The rows, each in the file of its module; others are in binding/base/module.h and binding/outside. */
extern const struct binding_module module_policy, module_run, module_of_kinds, module_kube, module_log, module_time,
    module_sleep, module_cjson, module_require, module_yaml, module_plugin, module_why, module_events;

#endif
