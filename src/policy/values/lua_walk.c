/* SPDX-License-Identifier: Apache-2.0 */
/* From a value to all that it is made of. What was seen already is named by its number, so a circle ends. */
#include "policy/values/lua_walk.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/values/lua_keys.h"

#define DEPTH_MAX 60
#define KEYS_MAX 4000 /* of one table */
#define SLOTS 12      /* of Lua's stack, for one value */

static void walk_value(lua_State *L, int index, struct lua_walk *w, int depth);

#define BYTES_EACH 64   /* of text or code: the work of one value */
#define WORK_OF_NAME 20 /* to look an upvalue up among the modules' functions */

static void work(struct lua_walk *w, size_t n)
{
    w->opaque = w->opaque || w->left < n;
    w->left -= w->left < n ? w->left : n;
}

static void add(struct lua_walk *w, const void *bytes, size_t n)
{
    work(w, n / BYTES_EACH);
    if (w->text && !w->opaque)
        buf_add(w->text, bytes, n);
}

static void tag(struct lua_walk *w, char c)
{
    add(w, &c, 1);
}

/* ---- what was seen ---- */

/* False: it was seen before; then its number is told. */
static bool first_seen(lua_State *L, int index, struct lua_walk *w)
{
    lua_pushvalue(L, index);
    if (lua_rawget(L, w->seen) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_pushvalue(L, index);
        lua_pushinteger(L, ++w->count);
        lua_rawset(L, w->seen);
        return true;
    }
    lua_Integer number = lua_tointeger(L, -1);
    lua_pop(L, 1);
    tag(w, 'r');
    add(w, &number, sizeof number);
    return false;
}

/* ---- tables ---- */

static bool is_plain(lua_State *L, int index)
{
    int type = lua_type(L, index);
    return type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN;
}

static void walk_entries(lua_State *L, int index, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    int top = lua_gettop(L), n = lua_keys_push(L, index, KEYS_MAX);
    w->opaque = w->opaque || n < 0;
    for (int i = 1; i <= n && !w->opaque; i++) {
        lua_keys_get(L, index, top + 1, i);
        w->opaque = w->opaque || (w->text && !is_plain(L, top + 2) && lua_type(L, top + 2) != LUA_TLIGHTUSERDATA);
        walk_value(L, top + 2, w, depth + 1);
        walk_value(L, top + 3, w, depth + 1);
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
}

static bool is_globals(lua_State *L, int index)
{
    lua_pushglobaltable(L);
    bool is = lua_rawequal(L, index, -1);
    lua_pop(L, 1);
    return is;
}

static void walk_globals(lua_State *L, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    if (w->all)
        return;
    w->all = true;
    lua_pushglobaltable(L);
    walk_entries(L, lua_gettop(L), w, depth);
    lua_pop(L, 1);
}

static void walk_table(lua_State *L, int index, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    tag(w, 'T');
    if (is_globals(L, index)) {
        walk_globals(L, w, depth);
        return;
    }
    walk_entries(L, index, w, depth);
    if (lua_getmetatable(L, index)) {
        tag(w, 'm');
        walk_value(L, lua_gettop(L), w, depth + 1);
        lua_pop(L, 1);
    }
}

/* ---- functions ---- */

static int add_piece(lua_State *L, const void *piece, size_t n, void *out)
{
    (void)L;
    buf_add(out, piece, n);
    return ((struct buf *)out)->failed != 0;
}

static void seen_code(void *data, const void *bytes, size_t n)
{
    add(data, bytes, n);
}

static void seen_global(void *data, const char *name)
{
    buf_add(&((struct lua_walk *)data)->names, name, strlen(name) + 1);
}

static void seen_use(void *data, const struct function_use *use)
{
    struct lua_walk *w = data;
    if (*w->source == '@')
        w->use(w->data, w->source, use);
}

/* What the value at index is called among the globals: "_G", "time", "time.now". False: it has no name there. */
static bool name_of(lua_State *L, int index, struct lua_walk *w, char *out, size_t size)
{
    static const char *const modules[] = {"time",   "http",  "store",      "kube",  "prometheus",
                                          "mpijob", "tfjob", "pytorchjob", "mxjob", NULL};
    bool found = is_globals(L, index);
    snprintf(out, size, "_G");
    if (found || !w->use || (lua_type(L, index) != LUA_TFUNCTION && lua_type(L, index) != LUA_TTABLE))
        return found;
    work(w, WORK_OF_NAME);
    lua_pushglobaltable(L);
    int globals = lua_gettop(L);
    for (size_t i = 0; modules[i] && !found; i++) {
        lua_pushstring(L, modules[i]);
        lua_rawget(L, globals);
        found = lua_type(L, -1) == LUA_TTABLE && lua_rawequal(L, index, -1);
        snprintf(out, size, "%s", modules[i]);
        bool look = !found && lua_type(L, -1) == LUA_TTABLE && lua_type(L, index) == LUA_TFUNCTION;
        for (look ? lua_pushnil(L) : (void)0; look && !found && lua_next(L, globals + 1);) {
            found = lua_rawequal(L, index, -1) && lua_type(L, -2) == LUA_TSTRING;
            if (found)
                snprintf(out, size, "%s.%s", modules[i], lua_tostring(L, -2));
            lua_pop(L, 1);
        }
        lua_settop(L, globals);
    }
    lua_settop(L, globals - 1);
    return found;
}

struct lua_walk_names {
    char text[255][64];
    const char *names[255];
    size_t count;
};

static void name_upvalues(lua_State *L, int index, struct lua_walk *w)
{
    struct lua_walk_names *u = w->upvalues;
    for (u->count = 0; u->count < 255 && lua_getupvalue(L, index, (int)u->count + 1); u->count++) {
        size_t i = u->count;
        bool named = name_of(L, lua_gettop(L), w, u->text[i], sizeof u->text[i]);
        u->names[i] = named ? u->text[i] : NULL;
        lua_pop(L, 1);
    }
}

static void note_source(lua_State *L, int index, struct lua_walk *w)
{
    lua_Debug ar;
    lua_pushvalue(L, index);
    lua_getinfo(L, ">S", &ar);
    snprintf(w->source, sizeof w->source, "%s", ar.source);
}

/* Its code; the globals that it reads are noted. */
static void scan(lua_State *L, int index, struct lua_walk *w)
{
    const struct function_seen seen = {
        .code = w->text ? seen_code : NULL, .global = seen_global, .use = w->use ? seen_use : NULL, .data = w};
    const struct lua_walk_names *u = w->upvalues;
    name_upvalues(L, index, w);
    note_source(L, index, w);
    buf_reset(&w->dump);
    lua_pushvalue(L, index);
    bool good = lua_dump(L, add_piece, &w->dump, 0) == 0 && !w->dump.failed;
    work(w, w->dump.len / BYTES_EACH * 4); /* each instruction is looked at */
    good = good && !w->opaque && function_scan(buf_str(&w->dump), u->names, u->count, &seen);
    w->opaque = w->opaque || !good || w->names.failed;
    lua_pop(L, 1);
}

/* What a function of C keeps to itself, as math.random does, is no part of anybody's text. */
static bool is_own(lua_State *L, int function, int value)
{
    return lua_iscfunction(L, function) && lua_type(L, value) == LUA_TUSERDATA;
}

static void walk_upvalues(lua_State *L, int index, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    for (int i = 1; !w->opaque && lua_getupvalue(L, index, i); i++) {
        if (!is_globals(L, lua_gettop(L)) && !is_own(L, index, lua_gettop(L)))
            walk_value(L, lua_gettop(L), w, depth + 1);
        lua_pop(L, 1);
    }
}

static void walk_global(lua_State *L, const char *name, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion)
{
    if (!*name) {
        walk_globals(L, w, depth);
        return;
    }
    add(w, name, strlen(name) + 1);
    lua_pushglobaltable(L);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    walk_value(L, lua_gettop(L), w, depth + 1);
    lua_pop(L, 2);
}

static void walk_function(lua_State *L, int index, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    size_t names = w->names.len;
    tag(w, lua_iscfunction(L, index) ? 'c' : 'F');
    if (!lua_iscfunction(L, index))
        scan(L, index, w);
    walk_upvalues(L, index, w, depth);
    size_t end = w->names.len;
    for (size_t at = names; at < end && !w->opaque;) { /* what is called may note more behind these, and move them */
        char name[64];
        snprintf(name, sizeof name, "%s", w->names.ptr + at);
        at += strlen(name) + 1;
        walk_global(L, name, w, depth);
    }
    w->names.len = w->names.len < names ? w->names.len : names;
}

/* ---- any value ---- */

/* `run` is the one userdata that is always the same. */
static bool is_run(lua_State *L, int index)
{
    lua_pushglobaltable(L);
    lua_pushliteral(L, "run");
    lua_rawget(L, -2);
    bool is = lua_rawequal(L, index, -1);
    lua_pop(L, 2);
    return is;
}

static void walk_number(lua_State *L, int index, struct lua_walk *w)
{
    lua_Integer whole = lua_tointeger(L, index);
    lua_Number number = lua_tonumber(L, index);
    tag(w, lua_isinteger(L, index) ? 'i' : 'd');
    if (lua_isinteger(L, index))
        add(w, &whole, sizeof whole);
    else
        add(w, &number, sizeof number);
}

static void walk_string(lua_State *L, int index, struct lua_walk *w)
{
    size_t n;
    const char *text = lua_tolstring(L, index, &n);
    tag(w, 's');
    add(w, &n, sizeof n);
    add(w, text, n);
}

static void walk_value(lua_State *L, int index, struct lua_walk *w, int depth) // NOLINT(misc-no-recursion): bounded
{
    w->opaque =
        w->opaque || depth > DEPTH_MAX || w->left == 0 || (w->text && w->text->failed) || !lua_checkstack(L, SLOTS);
    if (w->opaque)
        return;
    w->left--;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        walk_number(L, index, w);
        break;
    case LUA_TSTRING:
        walk_string(L, index, w);
        break;
    case LUA_TBOOLEAN:
        tag(w, lua_toboolean(L, index) ? 't' : 'f');
        break;
    case LUA_TTABLE:
        if (first_seen(L, index, w))
            walk_table(L, index, w, depth);
        break;
    case LUA_TFUNCTION:
        if (first_seen(L, index, w))
            walk_function(L, index, w, depth);
        break;
    case LUA_TUSERDATA:
    case LUA_TTHREAD:
        tag(w, 'u');
        w->opaque = w->opaque || (w->text && !is_run(L, index));
        break;
    default: /* nil, and the marks `remove` and json.null */
        tag(w, lua_isnil(L, index) ? 'n' : 'l');
    }
}

void lua_walk(lua_State *L, int index, struct lua_walk *w)
{
    int top = lua_gettop(L);
    index = lua_absindex(L, index);
    luaL_checkstack(L, SLOTS, NULL);
    lua_newtable(L);
    w->seen = lua_gettop(L);
    w->count = 0;
    w->all = false;
    if (!w->upvalues)
        w->upvalues = malloc(sizeof *w->upvalues);
    w->opaque = w->opaque || !w->upvalues;
    walk_value(L, index, w, 0);
    lua_settop(L, top);
}

void lua_walk_free(struct lua_walk *w)
{
    buf_free(&w->names);
    buf_free(&w->dump);
    free(w->upvalues);
}
