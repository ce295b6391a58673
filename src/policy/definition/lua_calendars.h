/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars that plugins give: days off by name, for `except`. They are read once, while the policy is. */
#ifndef MPIJOBD_POLICY_DEFINITION_LUA_CALENDARS_H
#define MPIJOBD_POLICY_DEFINITION_LUA_CALENDARS_H

#include <lua.h>

#include "time/days.h"

/* In the registry: what the plugins of this state give. A table by name of { plugin = NAME, days = function() }, which
 * gives a table with days as keys or in a list (time/days.h). */
#define LUA_CALENDARS "mpijobd.calendars"

/* Adds the days of the calendar. ERR_NOT_FOUND: no plugin that the file requires has it (says what would do);
 * ERR_INVALID: it fails, or gives something else; those of days_add. Raises no Lua error but a memory error. */
int lua_calendar_read(lua_State *L, const char *name, struct days *days, struct error *err);

#endif
