/* SPDX-License-Identifier: Apache-2.0 */
/* Whose line a message names. Where the program's own Lua hands a wrong value of an author's on, Lua's message begins
 * with a line of that Lua ("prompt:299: bad argument ..."), which tells the author nothing: it becomes the line that
 * called it. */
#include <string.h>

#include "script/parts.h"

#define BLAME_LEVELS 100

/* The length of "name:12: " at the text's beginning, and in *name that of the name; 0: it begins otherwise. */
static size_t place_of(const char *text, size_t *name)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon == text)
        return 0;
    size_t digits = strspn(colon + 1, "0123456789");
    *name = (size_t)(colon - text);
    return digits && strncmp(colon + 1 + digits, ": ", 2) == 0 ? *name + digits + 3 : 0;
}

/* Does the message name a line of the host's own Lua that is on this thread? *by is then the author's call around it,
 * with currentline 0 where that was a tail call, of which Lua keeps nothing. */
static bool is_own(lua_State *from, const char *text, size_t name, lua_Debug *by)
{
    bool own = false, tail = false;
    for (int level = 0; level < BLAME_LEVELS && lua_getstack(from, level, by); level++) {
        lua_getinfo(from, "Slt", by);
        if (by->currentline <= 0)
            continue;
        if (*by->source != '=')
            return own;
        own = own || (strlen(by->short_src) == name && strncmp(by->short_src, text, name) == 0);
        tail = tail || by->istailcall;
    }
    by->currentline = 0;
    return own && tail;
}

void script_blame(lua_State *L, lua_State *from)
{
    lua_Debug by;
    size_t name;
    if (lua_type(L, -1) != LUA_TSTRING)
        return;
    const char *text = lua_tostring(L, -1);
    size_t place = place_of(text, &name);
    if (!place || !is_own(from, text, name, &by))
        return;
    if (by.currentline)
        lua_pushfstring(L, "%s:%d: %s", by.short_src, by.currentline, text + place);
    else
        lua_pushstring(L, text + place);
    lua_remove(L, -2);
}

int script_blame_handler(lua_State *L)
{
    const struct meter *m = script_of(L)->meter;
    if (!m || m->verdict == VERDICT_NONE)
        script_blame(L, L);
    return 1;
}
