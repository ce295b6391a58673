/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher of Lua's patterns: backtracking over the pattern's text, an item at a time. An item is one class of
 * characters, perhaps with a repetition, or one of ( ) $ %b %f %1. Only a repetition and a capture need to come back,
 * so only these recurse. */
#include "script/pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "script/parts.h"

#define DEPTH_MAX 200 /* of the recursion, as in Lua */
#define STEPS 512     /* counted at a time */

static const char *match(struct matcher *m, const char *s, const char *p) __attribute__((nonnull));

static void count(struct matcher *m, size_t steps)
{
    m->steps += steps;
    if (m->steps >= STEPS) {
        script_work(m->L, m->steps);
        m->steps = 0;
    }
}

static unsigned char byte(const char *s)
{
    return (unsigned char)*s;
}

/* ---- classes of characters ---- */

static bool in_named_class(unsigned char c, unsigned char name)
{
    bool in;
    switch (tolower(name)) {
    case 'a':
        in = isalpha(c);
        break;
    case 'c':
        in = iscntrl(c);
        break;
    case 'd':
        in = isdigit(c);
        break;
    case 'g':
        in = isgraph(c);
        break;
    case 'l':
        in = islower(c);
        break;
    case 'p':
        in = ispunct(c);
        break;
    case 's':
        in = isspace(c);
        break;
    case 'u':
        in = isupper(c);
        break;
    case 'w':
        in = isalnum(c);
        break;
    case 'x':
        in = isxdigit(c);
        break;
    default:
        return name == c; /* an escaped character */
    }
    return isupper(name) ? !in : in;
}

/* Past the class that begins at p. */
static const char *class_end(struct matcher *m, const char *p)
{
    char first = *p++;
    if (first == '%') {
        if (p == m->pattern_end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (first != '[')
        return p;
    if (*p == '^')
        p++;
    for (bool begun = false; !begun || *p != ']'; begun = true) { /* a ] that comes first is one of the set */
        if (p >= m->pattern_end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%' && p < m->pattern_end)
            p++;
    }
    return p + 1;
}

/* set: at the [; last: at the ] that closes it. */
static bool in_set(struct matcher *m, unsigned char c, const char *set, const char *last)
{
    bool wanted = true;
    const char *p = set + 1;
    count(m, (size_t)(last - set));
    if (*p == '^') {
        wanted = false;
        p++;
    }
    while (p < last) {
        if (*p == '%') {
            if (in_named_class(c, byte(p + 1)))
                return wanted;
            p += 2;
        } else if (p[1] == '-' && p + 2 < last) {
            if (byte(p) <= c && c <= byte(p + 2))
                return wanted;
            p += 3;
        } else if (byte(p++) == c) {
            return wanted;
        }
    }
    return !wanted;
}

/* The character at s is of the class p..end. */
static bool fits(struct matcher *m, const char *s, const char *p, const char *end)
{
    if (s >= m->text_end)
        return false;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return in_named_class(byte(s), byte(p + 1));
    case '[':
        return in_set(m, byte(s), p, end - 1);
    default:
        return *p == *s;
    }
}

/* ---- repetitions ---- */

static const char *longest(struct matcher *m, const char *s, const char *p, const char *end, ptrdiff_t least)
{
    ptrdiff_t n = 0;
    while (fits(m, s + n, p, end)) {
        count(m, 1);
        n++;
    }
    for (; n >= least; n--) {
        const char *found = match(m, s + n, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

static const char *shortest(struct matcher *m, const char *s, const char *p, const char *end)
{
    for (;;) {
        const char *found = match(m, s, end + 1);
        if (found)
            return found;
        if (!fits(m, s, p, end))
            return NULL;
        s++;
    }
}

/* ---- captures ---- */

static const char *capture_begin(struct matcher *m, const char *s, const char *p, ptrdiff_t len)
{
    if (m->n_captures >= PATTERN_CAPTURES)
        luaL_error(m->L, "too many captures");
    m->captures[m->n_captures++] = (struct capture){s, len};
    const char *found = match(m, s, p);
    if (!found)
        m->n_captures--;
    return found;
}

static const char *capture_finish(struct matcher *m, const char *s, const char *p)
{
    int i = m->n_captures - 1;
    while (i >= 0 && m->captures[i].len != CAPTURE_OPEN)
        i--;
    if (i < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[i].len = s - m->captures[i].start;
    const char *found = match(m, s, p);
    if (!found)
        m->captures[i].len = CAPTURE_OPEN;
    return found;
}

/* %1: the text of that capture again. */
static const char *again(struct matcher *m, const char *s, char digit)
{
    int i = digit - '1';
    if (i < 0 || i >= m->n_captures || m->captures[i].len == CAPTURE_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", i + 1);
    const struct capture *c = &m->captures[i];
    size_t len = (size_t)c->len; /* of a position it is more than any text has */
    if ((size_t)(m->text_end - s) < len)
        return NULL;
    count(m, 1 + len / 8);
    return memcmp(s, c->start, len) == 0 ? s + len : NULL;
}

/* %bxy at s. */
static const char *balanced(struct matcher *m, const char *s, const char *p)
{
    if (p + 1 >= m->pattern_end)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s >= m->text_end || *s != p[0])
        return NULL;
    size_t open = 1;
    for (const char *t = s + 1; t < m->text_end; t++) {
        count(m, 1);
        if (*t == p[1]) {
            if (--open == 0)
                return t + 1;
        } else if (*t == p[0]) {
            open++;
        }
    }
    return NULL;
}

/* %f[set]: between a character outside the set and one inside; the text's ends count as NUL. p: at the [. */
static bool at_frontier(struct matcher *m, const char *s, const char *p, const char *end)
{
    unsigned char before = s == m->text ? 0 : byte(s - 1);
    unsigned char after = s == m->text_end ? 0 : byte(s);
    return !in_set(m, before, p, end - 1) && in_set(m, after, p, end - 1);
}

/* ---- the items in turn ---- */

/* An item that is no class. False: it is one. Else *s and *p are moved past it; *s NULL: it does not match. */
static bool special_item(struct matcher *m, const char **s, const char **p)
{
    const char *at = *p;
    if (*at == '$' && at + 1 == m->pattern_end) {
        *p = at + 1;
        if (*s != m->text_end)
            *s = NULL;
        return true;
    }
    if (*at != '%')
        return false;
    if (at[1] == 'b') {
        *s = balanced(m, *s, at + 2);
        *p = at + 4;
        return true;
    }
    if (at[1] == 'f') {
        at += 2;
        if (*at != '[')
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        *p = class_end(m, at);
        if (!at_frontier(m, *s, at, *p))
            *s = NULL;
        return true;
    }
    if (isdigit(byte(at + 1))) {
        *s = again(m, *s, at[1]);
        *p = at + 2;
        return true;
    }
    return false;
}

static const char *match_items(struct matcher *m, const char *s, const char *p)
{
    while (p < m->pattern_end) {
        count(m, 1);
        if (*p == '(')
            return p[1] == ')' ? capture_begin(m, s, p + 2, CAPTURE_POSITION)
                               : capture_begin(m, s, p + 1, CAPTURE_OPEN);
        if (*p == ')')
            return capture_finish(m, s, p + 1);
        if (special_item(m, &s, &p)) {
            if (!s)
                return NULL;
            continue;
        }
        const char *end = class_end(m, p);
        switch (*end) {
        case '*':
            return longest(m, s, p, end, 0);
        case '+':
            return longest(m, s, p, end, 1);
        case '-':
            return shortest(m, s, p, end);
        case '?':
            if (fits(m, s, p, end)) {
                const char *found = match(m, s + 1, end + 1);
                if (found)
                    return found;
            }
            p = end + 1;
            break;
        default:
            if (!fits(m, s, p, end))
                return NULL;
            s++;
            p = end;
        }
    }
    return s;
}

static const char *match(struct matcher *m, const char *s, const char *p)
{
    if (++m->depth > DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    const char *found = match_items(m, s, p);
    m->depth--;
    return found;
}

/* ---- for the functions ---- */

void pattern_begin(struct matcher *m, lua_State *L, struct str text, struct str pattern)
{
    m->L = L;
    m->text = text.ptr;
    m->text_end = text.ptr + text.len;
    m->pattern = pattern.ptr;
    m->pattern_end = pattern.ptr + pattern.len;
    m->steps = 0;
}

const char *pattern_match(struct matcher *m, const char *at)
{
    m->depth = 0;
    m->n_captures = 0;
    return match(m, at, m->pattern);
}

void pattern_push(struct matcher *m, int i, const char *from, const char *to)
{
    if (i >= m->n_captures) {
        if (i != 0)
            luaL_error(m->L, "invalid capture index %%%d", i + 1);
        lua_pushlstring(m->L, from, (size_t)(to - from));
        return;
    }
    const struct capture *c = &m->captures[i];
    if (c->len == CAPTURE_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (c->len == CAPTURE_POSITION)
        lua_pushinteger(m->L, c->start - m->text + 1);
    else
        lua_pushlstring(m->L, c->start, (size_t)c->len);
}

int pattern_push_all(struct matcher *m, const char *from, const char *to)
{
    int n = m->n_captures == 0 && from ? 1 : m->n_captures;
    luaL_checkstack(m->L, n, "too many captures");
    for (int i = 0; i < n; i++)
        pattern_push(m, i, from, to);
    return n;
}

bool pattern_is_plain(const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (pattern[i] && strchr("^$*+?.([%-", pattern[i]))
            return false;
    return true;
}
