/* SPDX-License-Identifier: Apache-2.0 */
/* string.gsub. The callback may compute for long and may wait, so what is needed to go on after it is kept in a
 * userdata. The result so far is kept in another one, as a luaL_Buffer does not outlive a yield. */
#include <ctype.h>
#include <string.h>

#include "script/parts.h"
#include "script/pattern.h"

enum { TEXT = 1, PATTERN, BY, STATE, OUT };

struct gsub {
    struct matcher m;
    const char *at, *end; /* the match in hand */
    const char *last;     /* where the match before ended: an empty match there does not count */
    struct str by;        /* the replacement text; ptr NULL: a table or a function */
    lua_Integer n, most;
    char *out; /* the userdata OUT */
    size_t len, cap;
    bool calls, anchored, changed;
};

static void add(struct gsub *g, const char *bytes, size_t n)
{
    lua_State *L = g->m.L;
    if (n > g->cap - g->len) {
        size_t cap = 2 * g->cap > g->len + n ? 2 * g->cap : g->len + n;
        char *more = lua_newuserdatauv(L, cap, 0);
        memcpy(more, g->out, g->len);
        lua_replace(L, OUT);
        g->out = more;
        g->cap = cap;
    }
    memcpy(g->out + g->len, bytes, n);
    g->len += n;
}

/* Adds the string or number on the top and pops it. */
static void add_top(struct gsub *g)
{
    lua_State *L = g->m.L;
    size_t n;
    const char *bytes = lua_tolstring(L, -1, &n);
    script_work(L, n / 16);
    add(g, bytes, n);
    lua_pop(L, 1);
}

/* Adds the replacement text with its %0..%9. */
static void add_text(struct gsub *g)
{
    lua_State *L = g->m.L;
    const char *p = g->by.ptr, *end = p + g->by.len;
    script_work(L, 1 + g->by.len / 8);
    while (p < end) {
        const char *escape = memchr(p, '%', (size_t)(end - p));
        size_t plain = (size_t)((escape ? escape : end) - p);
        add(g, p, plain);
        if (!escape)
            break;
        char c = escape[1]; /* a NUL at the end */
        if (c == '%') {
            add(g, "%", 1);
        } else if (c == '0') {
            add(g, g->at, (size_t)(g->end - g->at));
        } else if (isdigit((unsigned char)c)) {
            pattern_push(&g->m, c - '1', g->at, g->end);
            add_top(g);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
        p = escape + 2;
    }
    g->changed = true;
}

/* Adds what a table or a function gave for the match, on the top; false: the match itself. */
static void add_value(struct gsub *g)
{
    lua_State *L = g->m.L;
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        add(g, g->at, (size_t)(g->end - g->at));
        return;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    add_top(g);
    g->changed = true;
}

static int go_on(lua_State *L, int status, lua_KContext ctx);

/* Puts what replaces the match into the result; a callback's yield ends in go_on. */
static void replace(struct gsub *g)
{
    lua_State *L = g->m.L;
    if (g->by.ptr) {
        add_text(g);
        return;
    }
    if (g->calls) {
        lua_pushvalue(L, BY);
        lua_callk(L, pattern_push_all(&g->m, g->at, g->end), 1, 0, go_on);
    } else {
        pattern_push(&g->m, 0, g->at, g->end);
        lua_gettable(L, BY);
    }
    add_value(g);
}

/* After a match was replaced; false: it was the last to be. */
static bool next(struct gsub *g)
{
    g->n++;
    g->at = g->last = g->end;
    return !g->anchored;
}

static int finish(struct gsub *g)
{
    lua_State *L = g->m.L;
    add(g, g->at, (size_t)(g->m.text_end - g->at));
    if (g->changed)
        lua_pushlstring(L, g->out, g->len);
    else
        lua_pushvalue(L, TEXT);
    lua_pushinteger(L, g->n);
    return 2;
}

static int paused(lua_State *L, int status, lua_KContext ctx);

static int replace_all(struct gsub *g)
{
    while (g->n < g->most) {
        script_pause(g->m.L, paused, 0);
        g->end = pattern_match(&g->m, g->at);
        if (g->end && g->end != g->last) {
            replace(g);
            if (!next(g))
                break;
            continue;
        }
        if (g->at == g->m.text_end)
            break;
        add(g, g->at++, 1);
        if (g->anchored)
            break;
    }
    return finish(g);
}

static int paused(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return replace_all(lua_touserdata(L, STATE));
}

static int go_on(lua_State *L, int status, lua_KContext ctx)
{
    struct gsub *g = lua_touserdata(L, STATE);
    (void)status;
    (void)ctx;
    add_value(g);
    return next(g) ? replace_all(g) : finish(g);
}

int script_gsub(lua_State *L)
{
    struct str text = pattern_check_str(L, TEXT), pattern = pattern_check_str(L, PATTERN), by = {0};
    int type = lua_type(L, BY);
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, BY,
                     "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)text.len + 1);
    if (type == LUA_TNUMBER || type == LUA_TSTRING)
        by = pattern_check_str(L, BY);
    lua_settop(L, BY);
    struct gsub *g = lua_newuserdatauv(L, sizeof *g, 0);
    *g = (struct gsub){.by = by, .most = most, .calls = type == LUA_TFUNCTION, .cap = text.len + 16};
    g->anchored = pattern.len && *pattern.ptr == '^';
    pattern_begin(&g->m, L, text, g->anchored ? str_n(pattern.ptr + 1, pattern.len - 1) : pattern);
    g->at = text.ptr;
    g->out = lua_newuserdatauv(L, g->cap, 0);
    return replace_all(g);
}
