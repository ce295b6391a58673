/* SPDX-License-Identifier: Apache-2.0 */
/* The table library. Lua's own loops over whatever length and bounds it is given, as in `table.move({}, 1, 1e15, 2)` or
 * by a __len that lies, and cannot be interrupted. Here each element is counted. */
#include <limits.h>
#include <lualib.h>

#include "script/parts.h"

#define ELEMENT_UNITS 3
#define LIST_BYTES 16 /* of an element in a list of Lua 5.4 */

enum access { READ = 1, WRITE = 2, LENGTH = 4 };

/* A table, or something with the metamethods that are needed. */
static void check_access(lua_State *L, int arg, unsigned access)
{
    static const char *const events[] = {"__index", "__newindex", "__len"};
    if (lua_type(L, arg) == LUA_TTABLE)
        return;
    for (unsigned i = 0; i < 3; i++) {
        if (!(access & (1u << i)))
            continue;
        if (luaL_getmetafield(L, arg, events[i]) == LUA_TNIL)
            luaL_checktype(L, arg, LUA_TTABLE);
        lua_pop(L, 1);
    }
}

static lua_Integer check_length(lua_State *L, int arg, unsigned access)
{
    check_access(L, arg, access | LENGTH);
    return luaL_len(L, arg);
}

static void copy_element(lua_State *L, int from, lua_Integer i, int to, lua_Integer j)
{
    lua_geti(L, from, i);
    lua_seti(L, to, j);
    script_work(L, ELEMENT_UNITS);
}

static int t_insert(lua_State *L)
{
    lua_Integer end = (lua_Integer)((lua_Unsigned)check_length(L, 1, READ | WRITE) + 1); /* the first free one */
    lua_Integer at = end;
    int n = lua_gettop(L);
    if (n == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
        for (lua_Integer i = end; i > at; i--)
            copy_element(L, 1, i - 1, 1, i);
    } else if (n != 2) {
        return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, at);
    return 0;
}

static int t_remove(lua_State *L)
{
    lua_Integer size = check_length(L, 1, READ | WRITE);
    lua_Integer at = luaL_optinteger(L, 2, size);
    if (at != size)
        luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)size, 2, "position out of bounds");
    lua_geti(L, 1, at);
    for (; at < size; at++)
        copy_element(L, 1, at + 1, 1, at);
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static int t_move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), target = luaL_checkinteger(L, 4);
    int to = lua_isnoneornil(L, 5) ? 1 : 5;
    check_access(L, 1, READ);
    check_access(L, to, WRITE);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3, "too many elements to move");
        lua_Integer n = last - first + 1;
        luaL_argcheck(L, target <= LUA_MAXINTEGER - n + 1, 4, "destination wrap around");
        bool overlaps = target > first && target <= last && (to == 1 || lua_compare(L, 1, to, LUA_OPEQ));
        for (lua_Integer i = 0; i < n; i++) {
            lua_Integer k = overlaps ? n - 1 - i : i;
            copy_element(L, 1, first + k, to, target + k);
        }
    }
    lua_pushvalue(L, to);
    return 1;
}

static void add_element(lua_State *L, luaL_Buffer *b, lua_Integer i)
{
    lua_geti(L, 1, i);
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", luaL_typename(L, -1), (LUAI_UACINT)i);
    script_work(L, ELEMENT_UNITS + (lua_type(L, -1) == LUA_TSTRING ? lua_rawlen(L, -1) / 16 : 10));
    luaL_addvalue(b);
}

static int t_concat(lua_State *L)
{
    luaL_Buffer b;
    size_t sep_len;
    lua_Integer last = check_length(L, 1, READ);
    const char *sep = luaL_optlstring(L, 2, "", &sep_len);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    luaL_buffinit(L, &b);
    for (; i < last; i++) {
        add_element(L, &b, i);
        luaL_addlstring(&b, sep, sep_len);
    }
    if (i == last)
        add_element(L, &b, i);
    luaL_pushresult(&b);
    return 1;
}

static int t_pack(lua_State *L)
{
    int n = lua_gettop(L);
    lua_createtable(L, (int)(script_plain_size((size_t)n * LIST_BYTES) + LIST_BYTES - 1) / LIST_BYTES, 1);
    lua_insert(L, 1);
    for (int i = n; i >= 1; i--)
        lua_seti(L, 1, i);
    lua_pushinteger(L, n);
    lua_setfield(L, 1, "n");
    script_work(L, (size_t)n);
    return 1;
}

static int t_unpack(lua_State *L)
{
    lua_Integer i = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    if (i > last)
        return 0;
    lua_Unsigned n = (lua_Unsigned)last - (lua_Unsigned)i;
    if (n >= (lua_Unsigned)INT_MAX || !lua_checkstack(L, (int)++n))
        return luaL_error(L, "too many results to unpack");
    for (lua_Unsigned k = 0; k < n; k++) {
        lua_geti(L, 1, (lua_Integer)((lua_Unsigned)i + k));
        script_work(L, 1);
    }
    return (int)n;
}

int script_open_table(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"concat", t_concat}, {"insert", t_insert},        {"move", t_move}, {"pack", t_pack}, {"remove", t_remove},
        {"unpack", t_unpack}, {"sort", script_table_sort}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
