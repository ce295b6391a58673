/* SPDX-License-Identifier: Apache-2.0 */
/* Which globals does a compiled chunk read and set, and where? Read from what lua_dump writes of it (Lua 5.4), debug
 * information included. Nothing is run. */
#ifndef MPIJOBD_SCRIPT_SCAN_GLOBALS_SCAN_H
#define MPIJOBD_SCRIPT_SCAN_GLOBALS_SCAN_H

#include <stdbool.h>

#include "base/str.h"

#define GLOBAL_NAME_MAX 40 /* bytes: Lua's instructions for globals take no longer names */

enum global_use {
    GLOBAL_READ,
    GLOBAL_ASKED, /* whether it is there: `NAME or "p"`, `if os then`, `x == nil` */
    GLOBAL_SET,
    GLOBAL_MEMBER,       /* a member of it is read at once: the name is "mpijob.list"; beside GLOBAL_READ of "mpijob" */
    GLOBAL_MEMBER_ASKED, /* whether it is there */
    GLOBAL_MAY_SET,      /* a text in a function that has the table of globals in its hands: it may be set there */
};

/* name: NUL-terminated, valid during the call. line: 0 for GLOBAL_MAY_SET. */
typedef void (*global_found)(void *data, const char *name, int line, enum global_use use);

/* False: nothing can be said of the chunk, and what was found is to be forgotten. The format is not the one known, the
 * bytes do not add up, or the chunk puts another table in the place of its globals. */
bool globals_scan(struct str dump, global_found found, void *data);

#endif
