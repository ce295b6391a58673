/* SPDX-License-Identifier: Apache-2.0 */
/* What require.c, for own files, and require_plugin.c share. */
#ifndef MPIJOBD_BINDING_REQUIRE_PARTS_H
#define MPIJOBD_BINDING_REQUIRE_PARTS_H

#include <lua.h>

#include "policy/load.h"

#define REQUIRE_NAME_MAX 128

/* "lib.teams": words of letters, digits, _ and -, joined by dots. */
bool require_names_a_file(const char *name);
/* From "lib.teams" to "lib/teams.lua"; out has room for the name and 4 bytes more. */
void require_file_name(const char *name, char out[REQUIRE_NAME_MAX + 8]);
/* The module of the program's own of that name, or a value that was required under it: pushed, true. Else nothing. */
bool require_known(lua_State *L, const char *name);
/* Raises: there is no such module. whom: "policies"; also, more: what else is to be said, "" or texts that begin with a
 * comma or a semicolon. */
int require_none(lua_State *L, const char *whom, const char *name, const char *also, const char *more);

/* Raises where `name` is being required already: they require each other in a circle. */
void require_check_circle(lua_State *L, const char *name);
/* What is required under the name at index 1 begins: its function stands on the top below two arguments. It is called,
 * and then k, which returns. */
int require_call(lua_State *L, lua_KFunction k, lua_KContext ctx);
/* It has ended, well or not. */
void require_leave(lua_State *L);
/* Keeps the value on the top under the name at index 1. */
void require_keep(lua_State *L);
/* What a file's call ends with, as a continuation of lua_pcallk: at index 1 is the name, on the top the file's value or
 * its error. Keeps and returns the value (true for nil), or raises. */
int require_called(lua_State *L, int status, lua_KContext ctx);
/* Pushes the text compiled as a function. False: its error is on the top instead. */
bool require_compile(lua_State *L, struct str text, const char *path);

/* ---- require_plugin.c ---- */
/* require of a plugin: the name is at index 1. */
int require_plugin(lua_State *L, struct policy_file *file, struct plugin *p);

/* ---- plugin.c ---- */
/* Pushes what a plugin's files have as `plugin`, and the function that gives its exports (nil: it was not declared) and
 * whether something was wrong. */
void plugin_push(lua_State *L, struct plugin *p);

/* In the registry: the columns of the plugin that is being tried (plugin_columns.h). */
#define PLUGIN_COLUMNS "mpijobd.columns"

/* ---- plugin_kind.c ---- */
/* Adds to the table on the top what lua/mpijobd/plugin_kinds.lua needs. */
void plugin_kind_natives(lua_State *L);

#endif
