/* SPDX-License-Identifier: Apache-2.0 */
/* A table's keys, sorted. */
#include "policy/values/lua_keys.h"

#include <stdlib.h>
#include <string.h>

struct key {          /* the table keeps the text alive */
    const char *text; /* NULL: another type */
    size_t len;
    lua_Integer number;
    int came;
};

static int compare(const void *one, const void *other)
{
    const struct key *a = one, *b = other;
    if (!a->text != !b->text)
        return a->text ? -1 : 1;
    if (!a->text)
        return a->number != b->number ? (a->number < b->number ? -1 : 1) : a->came - b->came;
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int count(lua_State *L, int index, int most)
{
    int n = 0, top = lua_gettop(L);
    lua_pushnil(L);
    while (n <= most && lua_next(L, index)) {
        lua_pop(L, 1);
        n++;
    }
    lua_settop(L, top);
    return n;
}

int lua_keys_push(lua_State *L, int index, int most)
{
    index = lua_absindex(L, index);
    int n = count(L, index, most);
    if (n > most)
        return -1;
    lua_createtable(L, n, 0); /* the result */
    int list = lua_gettop(L);
    lua_createtable(L, n, 0); /* as they come */
    struct key *keys = lua_newuserdatauv(L, (size_t)(n ? n : 1) * sizeof *keys, 0);
    int i = 0;
    lua_pushnil(L);
    for (; i < n && lua_next(L, index); i++) {
        lua_pop(L, 1);
        keys[i] = (struct key){.came = i, .number = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : LUA_MAXINTEGER};
        if (lua_type(L, -1) == LUA_TSTRING)
            keys[i].text = lua_tolstring(L, -1, &keys[i].len);
        lua_pushvalue(L, -1);
        lua_rawseti(L, list + 1, i + 1);
    }
    qsort(keys, (size_t)i, sizeof *keys, compare);
    for (int k = 0; k < i; k++) {
        lua_rawgeti(L, list + 1, keys[k].came + 1);
        lua_rawseti(L, list, k + 1);
    }
    lua_settop(L, list);
    return n;
}

void lua_keys_get(lua_State *L, int index, int list, int number)
{
    lua_rawgeti(L, list, number);
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
}
