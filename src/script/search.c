/* string.find, match, gmatch and gsub on the matcher of pattern.c. */
#include <ctype.h>
#include <string.h>

#include "script/pattern.h"
#include "script/state.h"

static void begin(struct matcher *m, lua_State *L, struct str text, struct str pattern)
{
    m->L = L;
    m->text = text.ptr;
    m->text_end = text.ptr + text.len;
    m->pattern = pattern.ptr;
    m->pattern_end = pattern.ptr + pattern.len;
    m->steps = 0;
}

static struct str check_str(lua_State *L, int arg)
{
    struct str s;
    s.ptr = luaL_checklstring(L, arg, &s.len);
    return s;
}

/* The offset of the optional argument `init`: from the end where it is negative. May lie past the text. */
static size_t offset_arg(lua_State *L, int arg, size_t len)
{
    lua_Integer at = luaL_optinteger(L, arg, 1);
    if (at > 0)
        return (size_t)at - 1;
    if (at == 0 || at < -(lua_Integer)len)
        return 0;
    return len - (size_t)-at;
}

/* ---- find, match ---- */

static int find_plain(lua_State *L, struct str text, struct str part, size_t from)
{
    script_work(L, 1 + (text.len - from + part.len) / 8);
    const char *at = memmem(text.ptr + from, text.len - from, part.ptr, part.len);
    if (!at) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushinteger(L, at - text.ptr + 1);
    lua_pushinteger(L, at - text.ptr + (lua_Integer)part.len);
    return 2;
}

static int search(lua_State *L, bool find)
{
    struct str text = check_str(L, 1), pattern = check_str(L, 2);
    size_t from = offset_arg(L, 3, text.len);
    struct matcher m;
    if (from > text.len) {
        luaL_pushfail(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(pattern.ptr, pattern.len)))
        return find_plain(L, text, pattern, from);
    bool anchored = pattern.len && *pattern.ptr == '^';
    begin(&m, L, text, anchored ? str_n(pattern.ptr + 1, pattern.len - 1) : pattern);
    for (const char *at = text.ptr + from; at <= m.text_end; at++) {
        const char *end = pattern_match(&m, at);
        if (end && find) {
            lua_pushinteger(L, at - text.ptr + 1);
            lua_pushinteger(L, end - text.ptr);
            return 2 + pattern_push_all(&m, NULL, NULL);
        }
        if (end)
            return pattern_push_all(&m, at, end);
        if (anchored)
            break;
    }
    luaL_pushfail(L);
    return 1;
}

static int s_find(lua_State *L)
{
    return search(L, true);
}

static int s_match(lua_State *L)
{
    return search(L, false);
}

/* ---- gmatch ---- */

/* Upvalues of the iterator: text, pattern, this. */
struct iteration {
    size_t at;
    size_t last; /* where the previous match ended: an empty one there is none; SIZE_MAX at first */
};

static int gmatch_next(lua_State *L)
{
    struct iteration *it = lua_touserdata(L, lua_upvalueindex(3));
    struct str text = check_str(L, lua_upvalueindex(1)), pattern = check_str(L, lua_upvalueindex(2));
    struct matcher m;
    begin(&m, L, text, pattern);
    for (; it->at <= text.len; it->at++) {
        const char *from = text.ptr + it->at;
        const char *end = pattern_match(&m, from);
        if (end && (size_t)(end - text.ptr) != it->last) {
            it->at = it->last = (size_t)(end - text.ptr);
            return pattern_push_all(&m, from, end);
        }
    }
    return 0;
}

static int s_gmatch(lua_State *L)
{
    struct str text = check_str(L, 1);
    check_str(L, 2);
    size_t from = offset_arg(L, 3, text.len);
    lua_settop(L, 2);
    struct iteration *it = lua_newuserdatauv(L, sizeof *it, 0);
    it->at = from > text.len ? text.len + 1 : from;
    it->last = SIZE_MAX;
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* ---- gsub ---- */

/* Adds the replacement text with its %0..%9. */
static void add_text(struct matcher *m, luaL_Buffer *b, struct str by, const char *from, const char *to)
{
    lua_State *L = m->L;
    script_work(L, 1 + by.len / 8);
    for (size_t i = 0; i < by.len; i++) {
        if (by.ptr[i] != '%') {
            luaL_addchar(b, by.ptr[i]);
            continue;
        }
        char c = by.ptr[++i]; /* a NUL at the end */
        if (c == '%') {
            luaL_addchar(b, c);
        } else if (c == '0') {
            luaL_addlstring(b, from, (size_t)(to - from));
        } else if (isdigit((unsigned char)c)) {
            pattern_push(m, c - '1', from, to);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(b);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
}

/* Adds what a table or a function gives for the match; false: the match itself. */
static bool add_value(struct matcher *m, luaL_Buffer *b, int type, const char *from, const char *to)
{
    lua_State *L = m->L;
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        int n = pattern_push_all(m, from, to);
        lua_call(L, n, 1);
    } else {
        pattern_push(m, 0, from, to);
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(b, from, (size_t)(to - from));
        return false;
    }
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(b);
    return true;
}

static int s_gsub(lua_State *L)
{
    struct str text = check_str(L, 1), pattern = check_str(L, 2), by = {0};
    int type = lua_type(L, 3);
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)text.len + 1), n = 0;
    bool anchored = pattern.len && *pattern.ptr == '^', changed = false;
    struct matcher m;
    luaL_Buffer b;
    if (type == LUA_TNUMBER || type == LUA_TSTRING)
        by = check_str(L, 3);
    begin(&m, L, text, anchored ? str_n(pattern.ptr + 1, pattern.len - 1) : pattern);
    luaL_buffinit(L, &b);
    const char *at = text.ptr, *last = NULL;
    while (n < most) {
        const char *end = pattern_match(&m, at);
        if (end && end != last) {
            n++;
            if (by.ptr) {
                add_text(&m, &b, by, at, end);
                changed = true;
            } else if (add_value(&m, &b, type, at, end)) {
                changed = true;
            }
            at = last = end;
        } else if (at < m.text_end) {
            luaL_addchar(&b, *at++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    luaL_addlstring(&b, at, (size_t)(m.text_end - at));
    luaL_pushresult(&b);
    if (!changed)
        lua_pushvalue(L, 1);
    lua_pushinteger(L, n);
    return 2;
}

void script_add_search(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"find", s_find}, {"match", s_match}, {"gmatch", s_gmatch}, {"gsub", s_gsub}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
