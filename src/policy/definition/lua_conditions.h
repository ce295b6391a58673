/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions that plugins add to `match`: checked while the policy is read, and asked per job within its sandbox, by a
 * function that takes the place of its `where` and asks that last. */
#ifndef MPIJOBD_POLICY_DEFINITION_LUA_CONDITIONS_H
#define MPIJOBD_POLICY_DEFINITION_LUA_CONDITIONS_H

#include <lua.h>

#include "base/error.h"

/* In the registry: what the plugins of this state give. A table by name of { plugin = NAME, test = function(job,
 * value), check = function(value) or nil }. */
#define LUA_CONDITIONS "mpijobd.conditions"

struct plugins;
/* Of a new state: the plugins that its file may require, which outlive it; NULL: none. */
void lua_conditions_open(lua_State *L, const struct plugins *plugins);

bool lua_conditions_has(lua_State *L, const char *name);
/* The plugin among those of the state's file that has a calendar of that name; NULL: none has. */
const char *lua_calendar_plugin(lua_State *L, const char *name);
/* The plugin among those of the state's file that has a kind of that name, "TrainJob" or "trainjob"; NULL: none has. */
const char *lua_kind_plugin(lua_State *L, const char *kind);
/* Adds the names of those that the file has by its plugins to names, at most room of them; they are kept by the state.
 * Returns how many. */
size_t lua_conditions_names(lua_State *L, const char **names, size_t room);
/* The plugin that has it and that this file has not required; NULL: none does. */
const char *lua_conditions_plugin(lua_State *L, const char *name);
/* Checks the value at index and appends the condition to the list at `list`. ERR_INVALID: what its plugin says. */
int lua_conditions_add(lua_State *L, int list, const char *name, int index, struct error *err);
/* Takes a list and a function (or nil) off the stack and pushes the function that asks them all. */
void lua_conditions_join(lua_State *L);

/* The states that match.kueue asks for, a bit for each enum kueue_state; 0: it asks for none, or is a plugin's. */
unsigned lua_conditions_kueue(lua_State *L, int where);

/* What the function behind this reference asks, for people, one after the other: "calendar", "\"working-hours\"",
 * "business-calendar". False: there is no such number (from 1 on). The texts are valid as long as the function. */
struct lua_condition {
    const char *name, *wanted, *plugin;
};

/* Takes the function on the top off the stack and pushes what it asks: a list of tables { name, plugin, test, value,
 * wanted } (nil: no such condition), and the author's own function (nil: no such function). */
void lua_conditions_split(lua_State *L);
/* Is there a function of the author's own behind it? */
bool lua_conditions_own(lua_State *L, int where);
bool lua_conditions_at(lua_State *L, int where, int number, struct lua_condition *out);

#endif
