/* SPDX-License-Identifier: Apache-2.0 */
/* table.sort as a merge sort that can be left in the middle of a comparison: the comparison function may compute for
 * long, and it may wait. The sort is stable; a comparison that contradicts itself gives some order, never an endless
 * loop. The table is changed at the very end, so that an error leaves it as it was. */
#include <limits.h>

#include "script/parts.h"

#define COMPARE_UNITS 8

/* Merges runs of `width` elements from one scratch table to the other, then again with runs twice as long. Offsets
 * count from 0. */
struct sorting {
    lua_Integer n, width;
    lua_Integer low, middle, high; /* the two runs being merged: [low, middle) and [middle, high) */
    lua_Integer left, right, out;
    int from, to; /* stack indices */
};

enum { TABLE = 1, LESS, SCRATCH_A, SCRATCH_B, STATE };

static void take(lua_State *L, struct sorting *s, lua_Integer *which)
{
    lua_rawgeti(L, s->from, ++*which);
    lua_rawseti(L, s->to, ++s->out);
}

static void begin_pair(struct sorting *s, lua_Integer low)
{
    s->low = low;
    s->middle = low + s->width < s->n ? low + s->width : s->n;
    s->high = s->middle + s->width < s->n ? s->middle + s->width : s->n;
    s->left = s->out = low;
    s->right = s->middle;
}

static int answered(lua_State *L, int status, lua_KContext ctx);
static int paused(lua_State *L, int status, lua_KContext ctx);

/* Puts onto the stack whether the right run's first is less than the left's. */
static void ask(lua_State *L, struct sorting *s)
{
    script_work(L, COMPARE_UNITS);
    script_pause(L, paused, 0);
    bool function = !lua_isnil(L, LESS);
    if (function)
        lua_pushvalue(L, LESS);
    lua_rawgeti(L, s->from, s->right + 1);
    lua_rawgeti(L, s->from, s->left + 1);
    if (!function && (luaL_getmetafield(L, -2, "__lt") != LUA_TNIL || luaL_getmetafield(L, -1, "__lt") != LUA_TNIL)) {
        lua_insert(L, -3);
        function = true;
    }
    if (function) {
        lua_callk(L, 2, 1, 0, answered);
        return;
    }
    if (lua_type(L, -1) == LUA_TSTRING)
        script_work(L, lua_rawlen(L, -1) / 8);
    int less = lua_compare(L, -2, -1, LUA_OPLT);
    lua_pop(L, 2);
    lua_pushboolean(L, less);
}

/* have: the answer to the last question is on the top. */
static void merge_pair(lua_State *L, struct sorting *s, bool have)
{
    while (s->left < s->middle && s->right < s->high) {
        if (!have)
            ask(L, s);
        have = false;
        bool less = lua_toboolean(L, -1);
        lua_pop(L, 1);
        take(L, s, less ? &s->right : &s->left);
    }
    while (s->left < s->middle)
        take(L, s, &s->left);
    while (s->right < s->high)
        take(L, s, &s->right);
    script_work(L, (size_t)(s->high - s->low));
}

static int merge(lua_State *L, struct sorting *s, bool have)
{
    while (s->width < s->n) {
        while (s->low < s->n) {
            merge_pair(L, s, have);
            have = false;
            begin_pair(s, s->high);
        }
        int other = s->from;
        s->from = s->to;
        s->to = other;
        s->width *= 2;
        begin_pair(s, 0);
    }
    for (lua_Integer i = 1; i <= s->n; i++) {
        lua_rawgeti(L, s->from, i);
        lua_seti(L, TABLE, i);
        script_work(L, 3);
    }
    return 0;
}

static int answered(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return merge(L, lua_touserdata(L, STATE), true);
}

/* The question was not asked yet. */
static int paused(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return merge(L, lua_touserdata(L, STATE), false);
}

int script_table_sort(lua_State *L)
{
    if (lua_type(L, TABLE) != LUA_TTABLE && luaL_getmetafield(L, TABLE, "__index") == LUA_TNIL)
        luaL_checktype(L, TABLE, LUA_TTABLE);
    lua_Integer n = luaL_len(L, TABLE);
    if (n < 2)
        return 0;
    luaL_argcheck(L, n < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, LESS))
        luaL_checktype(L, LESS, LUA_TFUNCTION);
    lua_settop(L, LESS);
    lua_createtable(L, lua_type(L, TABLE) == LUA_TTABLE && lua_rawlen(L, TABLE) >= (lua_Unsigned)n ? (int)n : 0, 0);
    lua_newtable(L);
    struct sorting *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (struct sorting){.n = n, .width = 1, .from = SCRATCH_A, .to = SCRATCH_B};
    for (lua_Integer i = 1; i <= n; i++) {
        lua_geti(L, TABLE, i);
        lua_rawseti(L, SCRATCH_A, i);
        script_work(L, 3);
    }
    begin_pair(s, 0);
    return merge(L, s, false);
}
