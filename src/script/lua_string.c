/* SPDX-License-Identifier: Apache-2.0 */
/* The string library: Lua's own functions with their work counted, and functions of this floor in place of those that
 * nothing could interrupt: find, match and gmatch on the matcher of pattern.c, rep, and gsub (gsub.c). No string.dump:
 * there is no bytecode here. */
#include <ctype.h>
#include <lualib.h>
#include <string.h>

#include "script/parts.h"
#include "script/pattern.h"

struct str pattern_check_str(lua_State *L, int arg)
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

static int search_on(lua_State *L, int status, lua_KContext ctx);

/* From the offset on. Between two places of the text the search can be interrupted. */
static int search_from(lua_State *L, size_t from, bool find)
{
    struct str text = pattern_check_str(L, 1), pattern = pattern_check_str(L, 2);
    struct matcher m;
    bool anchored = pattern.len && *pattern.ptr == '^';
    pattern_begin(&m, L, text, anchored ? str_n(pattern.ptr + 1, pattern.len - 1) : pattern);
    for (const char *at = text.ptr + from; at <= m.text_end; at++) {
        script_pause(L, search_on, (lua_KContext)(2 * (at - text.ptr) + find));
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

static int search_on(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    return search_from(L, (size_t)ctx / 2, ctx % 2);
}

static int search(lua_State *L, bool find)
{
    struct str text = pattern_check_str(L, 1), pattern = pattern_check_str(L, 2);
    size_t from = offset_arg(L, 3, text.len);
    if (from > text.len) {
        luaL_pushfail(L);
        return 1;
    }
    if (find && (lua_toboolean(L, 4) || pattern_is_plain(pattern.ptr, pattern.len)))
        return find_plain(L, text, pattern, from);
    return search_from(L, from, find);
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
    size_t last; /* where the previous match ended: an empty match there does not count; SIZE_MAX: none yet */
};

static int gmatch_on(lua_State *L, int status, lua_KContext ctx);

static int gmatch_next(lua_State *L)
{
    struct iteration *it = lua_touserdata(L, lua_upvalueindex(3));
    struct str text = pattern_check_str(L, lua_upvalueindex(1)), pattern = pattern_check_str(L, lua_upvalueindex(2));
    struct matcher m;
    pattern_begin(&m, L, text, pattern);
    for (; it->at <= text.len; it->at++) {
        script_pause(L, gmatch_on, 0);
        const char *from = text.ptr + it->at;
        const char *end = pattern_match(&m, from);
        if (end && (size_t)(end - text.ptr) != it->last) {
            it->at = it->last = (size_t)(end - text.ptr);
            return pattern_push_all(&m, from, end);
        }
    }
    return 0;
}

static int gmatch_on(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return gmatch_next(L);
}

static int s_gmatch(lua_State *L)
{
    struct str text = pattern_check_str(L, 1);
    pattern_check_str(L, 2);
    size_t from = offset_arg(L, 3, text.len);
    lua_settop(L, 2);
    struct iteration *it = lua_newuserdatauv(L, sizeof *it, 0);
    it->at = from > text.len ? text.len + 1 : from;
    it->last = SIZE_MAX;
    lua_pushcclosure(L, gmatch_next, 3);
    return 1;
}

/* ---- rep, and the library ---- */

/* Lua's copies a byte at a time, and never ends where it has none to copy. */
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
    char *out = luaL_buffinitsize(L, &b, script_plain_size(total + sep_len));
    memcpy(out, s, len);
    memcpy(out + len, sep, sep_len);
    for (size_t done = unit; done < total; done *= 2)
        memcpy(out + done, out, done < total - done ? done : total - done);
    script_work(L, total / 16);
    luaL_pushresultsize(&b, total);
    return 1;
}

/* ---- lower, upper, reverse ---- */

/* Lua's, but for the size of the buffer (script_plain_size). */
static int mapped(lua_State *L, void (*map)(char *out, struct str text))
{
    struct str text = pattern_check_str(L, 1);
    luaL_Buffer b;
    script_work(L, text.len);
    map(luaL_buffinitsize(L, &b, script_plain_size(text.len)), text);
    luaL_pushresultsize(&b, text.len);
    return 1;
}

static void lower(char *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = (char)tolower((unsigned char)text.ptr[i]);
}

static void upper(char *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = (char)toupper((unsigned char)text.ptr[i]);
}

static void reverse(char *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.ptr[text.len - 1 - i];
}

static int s_lower(lua_State *L)
{
    return mapped(L, lower);
}

static int s_upper(lua_State *L)
{
    return mapped(L, upper);
}

static int s_reverse(lua_State *L)
{
    return mapped(L, reverse);
}

/* ---- format, pack: Lua's, which run to their end, so that what they are asked for is bounded before ---- */

#define FORMAT_ITEMS 1000    /* one may take 6 us: a number of 300 digits */
#define FORMAT_QUOTED 262144 /* 256 KiB: bytes of strings for %q, which writes them byte by byte */

static int s_format(lua_State *L)
{
    struct str format = pattern_check_str(L, 1);
    size_t total = format.len, quoted = 0;
    int item = 1;
    const char *end = format.ptr + format.len;
    for (const char *p = format.ptr; (p = memchr(p, '%', (size_t)(end - p))); p++) {
        if (*++p == '%')
            continue;
        if (item++ > FORMAT_ITEMS)
            return luaL_error(L, "format has more than %d items; put it together from several", FORMAT_ITEMS);
        p += strspn(p, "-+ #0123456789.");
        size_t len = lua_type(L, item) == LUA_TSTRING ? lua_rawlen(L, item) : 0;
        total += len;
        quoted += *p == 'q' ? len : 0;
        if (p >= end)
            break;
    }
    if (total > SCRIPT_STRING_MAX)
        return luaL_error(L, "resulting string too large");
    if (quoted > FORMAT_QUOTED)
        return luaL_error(L, "%%q takes at most %d bytes of strings", FORMAT_QUOTED);
    script_work(L, total + (size_t)item * 100);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static int s_pack(lua_State *L)
{
    struct str format = pattern_check_str(L, 1);
    size_t total = 0;
    for (size_t i = 0; i < format.len; i++) {
        if (format.ptr[i] != 'c')
            continue;
        size_t n = 0;
        for (; i + 1 < format.len && isdigit((unsigned char)format.ptr[i + 1]) && n <= SCRIPT_STRING_MAX; i++)
            n = 10 * n + (size_t)(format.ptr[i + 1] - '0');
        total += n;
        if (total > SCRIPT_STRING_MAX)
            return luaL_error(L, "resulting string too large");
    }
    script_work(L, total + 4 * format.len + (size_t)lua_gettop(L));
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* The function takes the place of Lua's, which becomes its upvalue, in the table on the top. */
static void wrap(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

int script_open_string(lua_State *L)
{
    static const char *const linear[] = {"byte", "char", "packsize", "sub", "unpack", NULL};
    static const luaL_Reg own[] = {{"find", s_find},      {"match", s_match},     {"gmatch", s_gmatch},
                                   {"gsub", script_gsub}, {"rep", s_rep},         {"lower", s_lower},
                                   {"upper", s_upper},    {"reverse", s_reverse}, {NULL, NULL}};
    luaopen_string(L);
    for (const char *const *name = linear; *name; name++)
        script_count_field(L, *name);
    wrap(L, "format", s_format);
    wrap(L, "pack", s_pack);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    luaL_setfuncs(L, own, 0);
    return 1;
}
