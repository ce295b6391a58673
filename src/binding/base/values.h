/* SPDX-License-Identifier: Apache-2.0 */
/* What the functions of all modules share: errors as Lua values, checked arguments, the site behind a state. */
#ifndef MPIJOBD_BINDING_BASE_VALUES_H
#define MPIJOBD_BINDING_BASE_VALUES_H

#include <lua.h>

#include "policy/load.h"
#include "policy/values/lua_job.h"
#include "run/run.h"
#include "site/site.h"

/* Pushes { code, reason, message, retryable }, which prints as "reason: message". */
void push_error(lua_State *L, const struct error *err);
int push_failure(lua_State *L, const struct error *err); /* nil, err: returns 2 */

/* What the state's file was loaded with. */
const struct policy_env *env_of(lua_State *L);
/* The run, or a Lua error that says that `what` is not for a file's top level. */
struct run *check_run(lua_State *L, const char *what);

/* The same for a call that writes, or that another program hears of: where the run only reads, it raises. */
struct run *check_may_write(lua_State *L, const char *what);

struct target {
    char name_space[256], name[256];
    struct lua_job *job; /* NULL: by name */
};
/* A job of that kind, "namespace/name", or "name" in the default namespace. Raises. */
void check_target(lua_State *L, int index, const struct mpijob_kind *kind, struct target *target);
/* Raises where a job of another kind is at index, and names the module that it belongs to. */
void check_kind(lua_State *L, int index, const struct mpijob_kind *kind);

/* "namespace/name", or "name" in the default namespace, of any kind. True: a namespace was given. Raises. */
bool check_key(lua_State *L, int index, char name_space[256], char name[256]);

/* Raises unless every key of the table at index (or nil) is among names. */
void check_options(lua_State *L, int index, const char *const *names);
bool option_bool(lua_State *L, int index, const char *name);
/* Microseconds: seconds, or a text such as "90s". Raises where it is neither; unset where the value is nil. */
int64_t option_duration(lua_State *L, int index, const char *name, int64_t unset);
/* A whole number from least to most. */
int64_t option_whole(lua_State *L, int index, const char *name, int64_t least, int64_t most, int64_t unset);
const char *option_string(lua_State *L, int index, const char *name); /* NULL if unset; anchored by the table */

#endif
