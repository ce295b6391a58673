/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets as Lua values: texts that only what sends them looks into. */
#ifndef MPIJOBD_BINDING_OUTSIDE_SECRET_H
#define MPIJOBD_BINDING_OUTSIDE_SECRET_H

#include <lua.h>

#include "outside/secrets.h"

/* Is it a secret, or a text with one in it? */
bool is_secret(lua_State *L, int index);
/* The veiled text of a string, a number or a secret at index; valid as long as the value is. what: for messages. Raises
 * for anything else, and for a string with a NUL byte. */
struct str check_veiled(lua_State *L, int index, const char *what);

#endif
