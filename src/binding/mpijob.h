/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the modules of kinds (mpijob, tfjob, pytorchjob, mxjob), each in its file; mpijob.c opens them. */
#ifndef MPIJOBD_BINDING_MPIJOB_H
#define MPIJOBD_BINDING_MPIJOB_H

#include <lua.h>

#include "mpijob/kind.h"

/* The kind that the running function belongs to: its first upvalue. */
const struct mpijob_kind *module_kind(lua_State *L);
/* "pytorchjob.replace", for messages. Returns out. */
#define MODULE_CALL_MAX 48
const char *module_call(const struct mpijob_kind *kind, const char *function, char out[MODULE_CALL_MAX]);

int l_mpijob_get(lua_State *L);
int l_mpijob_list(lua_State *L);
int l_mpijob_patch(lua_State *L);
int l_mpijob_create(lua_State *L);
int l_mpijob_delete(lua_State *L);
int l_mpijob_watch(lua_State *L);
int l_mpijob_pods(lua_State *L);
int l_mpijob_launcher(lua_State *L);
int l_mpijob_stop(lua_State *L);
int l_mpijob_resume(lua_State *L);
/* With a table of changes, or a function of the job. Second upvalue: lua/mpijobd/mpijob.lua, for the function. */
int l_mpijob_replace(lua_State *L);
int l_mpijob_replace_once(lua_State *L); /* with a table of changes */
int l_mpijob_replace_object(lua_State *L);
/* Adds match.kueue to the conditions of the state. Raises. */
void mpijob_kueue_condition(lua_State *L);
int l_mpijob_kueue(lua_State *L);   /* job.kueue, as far as the job's Workload tells it */
int l_mpijob_workers(lua_State *L); /* workers.active of a job, not of the module: the number of its workers, or nil */

#endif
