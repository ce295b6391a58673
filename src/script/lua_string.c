/* The string library: Lua's own functions with their work counted, other ones where Lua's may take for ever, no
 * bytecode. */
#include <lualib.h>
#include <string.h>

#include "script/state.h"

/* Lua's copies a byte at a time, and for ever where there are none to copy. */
static int s_rep(lua_State *L)
{
    size_t len, sep_len;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_len);
    size_t unit = len + sep_len;
    if (n <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if ((size_t)n > SCRIPT_STRING_MAX / unit)
        return luaL_error(L, "resulting string too large");
    size_t total = (size_t)n * unit - sep_len;
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total + sep_len);
    memcpy(out, s, len);
    memcpy(out + len, sep, sep_len);
    for (size_t done = unit; done < total; done *= 2)
        memcpy(out + done, out, done < total - done ? done : total - done);
    script_work(L, total / 16);
    luaL_pushresultsize(&b, total);
    return 1;
}

int script_open_string(lua_State *L)
{
    static const char *const linear[] = {"byte",    "char", "format", "lower", "pack", "packsize",
                                         "reverse", "sub",  "unpack", "upper", NULL};
    luaopen_string(L);
    for (const char *const *name = linear; *name; name++)
        script_count_field(L, *name);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pushcfunction(L, s_rep);
    lua_setfield(L, -2, "rep");
    script_add_search(L);
    return 1;
}
