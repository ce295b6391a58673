/* SPDX-License-Identifier: Apache-2.0 */
/* JSON to Lua values, and Lua values to JSON. */
#include "policy/values/lua_json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "script/script.h"

static char array_mark; /* its address is the key of the mark */

void lua_json_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

void lua_json_mark_array(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_pushstring(L, "json.array");
        lua_setfield(L, -2, "__name");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &array_mark);
    }
    lua_setmetatable(L, index);
}

static bool is_marked(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index))
        return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_mark);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* The decoded text is built on the Lua stack, so that a memory error leaks nothing. */
static void push_string(lua_State *L, struct json value)
{
    const char *raw = value.text.ptr + 1;
    size_t len = value.text.len - 2;
    if (!memchr(raw, '\\', len)) {
        lua_pushlstring(L, raw, len);
        return;
    }
    struct buf text = BUF_INIT;
    text.ptr = lua_newuserdatauv(L, len * 3 + 1, 0); /* decoding never needs more */
    text.cap = len * 3 + 1;
    json_decode(value, &text);
    lua_pushlstring(L, text.ptr, text.len);
    lua_remove(L, -2);
}

static void push_number(lua_State *L, struct json value)
{
    int64_t integer;
    double number;
    if (json_is_integer_text(value) && json_int64(value, &integer))
        lua_pushinteger(L, integer);
    else if (json_double(value, &number))
        lua_pushnumber(L, number);
    else
        lua_pushnumber(L, 0);
}

static void push_container(lua_State *L, struct json value, bool object)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (struct json_iter it = json_iter(value); json_next(&it);) {
        script_work(L, 10 + it.value.text.len / 16); /* the bytes are gone over again at each level */
        if (object)
            push_string(L, it.key);
        lua_json_push(L, it.value);
        if (object)
            lua_rawset(L, -3);
        else
            lua_rawseti(L, -2, ++n);
    }
    if (!object)
        lua_json_mark_array(L, -1);
}

void lua_json_push(lua_State *L, struct json value)
{
    luaL_checkstack(L, 6, "JSON is nested too deeply");
    switch (json_type(value)) {
    case JSON_ABSENT:
        lua_pushnil(L);
        break;
    case JSON_NULL:
        lua_json_push_null(L);
        break;
    case JSON_BOOL:
        lua_pushboolean(L, json_is_true(value));
        break;
    case JSON_NUMBER:
        push_number(L, value);
        break;
    case JSON_STRING:
        push_string(L, value);
        break;
    case JSON_ARRAY:
        push_container(L, value, false);
        break;
    case JSON_OBJECT:
        push_container(L, value, true);
        break;
    }
}

const char *lua_describe(lua_State *L, int index, char *out, size_t size)
{
    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        snprintf(out, size, "the string \"%.60s\"", lua_tostring(L, index));
        break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            snprintf(out, size, "the number %lld", (long long)lua_tointeger(L, index));
        else
            snprintf(out, size, "the number %.14g", lua_tonumber(L, index));
        break;
    case LUA_TBOOLEAN:
        snprintf(out, size, "%s", lua_toboolean(L, index) ? "true" : "false");
        break;
    case LUA_TNIL:
    case LUA_TNONE:
        snprintf(out, size, "nil");
        break;
    default:
        snprintf(out, size, "a %s", lua_typename(L, lua_type(L, index)));
    }
    return out;
}

bool lua_whole(lua_State *L, int index, int64_t *out)
{
    int whole = 0;
    if (lua_type(L, index) == LUA_TNUMBER)
        *out = lua_tointegerx(L, index, &whole);
    return whole;
}

/* ---- Lua to JSON ---- */

#define READ_US 20000   /* without a budget: CPU time of one call */
#define TABLES_LOOKED 8 /* tables between two looks at the clock */
#define TABLE_UNITS 500 /* a table may have millions of places with nothing in them, which nothing else counts */

struct reader {
    lua_State *L;
    struct json_writer *w;
    char path[256]; /* within the struct, as with `budget` a read may end in a Lua error */
    size_t len;
    struct error *err;
    int depth;
    bool budget;
    size_t tables;
    int64_t began; /* microseconds of CPU time */
};

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int read_value(struct reader *r, int index);

static int wrong(struct reader *r, const char *what)
{
    return error_set(r->err, ERR_INVALID, "%s%s", r->len ? r->path : "the value", what);
}

static size_t step_in(struct reader *r, int key)
{
    size_t before = r->len, room = sizeof r->path - before;
    int n;
    if (lua_type(r->L, key) == LUA_TSTRING)
        n = snprintf(r->path + before, room, "%s%.80s", before ? "." : "", lua_tostring(r->L, key));
    else
        n = snprintf(r->path + before, room, "[%lld]", (long long)lua_tointeger(r->L, key));
    r->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1; /* a longer path is cut */
    return before;
}

static void step_out(struct reader *r, size_t before)
{
    r->len = before;
    r->path[before] = '\0';
}

static int read_array(struct reader *r, int index, size_t n)
{
    json_write_array(r->w);
    for (size_t i = 1; i <= n; i++) {
        lua_pushinteger(r->L, (lua_Integer)i);
        size_t before = step_in(r, -1);
        lua_pop(r->L, 1);
        lua_rawgeti(r->L, index, (lua_Integer)i);
        int rc = read_value(r, lua_gettop(r->L));
        lua_pop(r->L, 1);
        step_out(r, before);
        if (rc)
            return rc;
    }
    json_write_end(r->w);
    return 0;
}

static int read_object(struct reader *r, int index)
{
    json_write_object(r->w);
    lua_pushnil(r->L);
    while (lua_next(r->L, index)) {
        if (lua_type(r->L, -2) != LUA_TSTRING)
            return wrong(r, " has keys that are neither 1, 2, 3... nor strings");
        size_t before = step_in(r, -2), len;
        const char *key = lua_tolstring(r->L, -2, &len);
        if (r->budget)
            script_work(r->L, len / 4);
        json_write_key_str(r->w, str_n(key, len));
        int rc = read_value(r, lua_gettop(r->L));
        if (rc)
            return rc;
        step_out(r, before);
        lua_pop(r->L, 1);
    }
    json_write_end(r->w);
    return 0;
}

static int read_table(struct reader *r, int index)
{
    if (++r->depth > 100 || !lua_checkstack(r->L, 8))
        return wrong(r, " is nested too deeply (or contains itself)");
    size_t n = lua_rawlen(r->L, index), keys = 0;
    if (r->budget)
        script_work(r->L, TABLE_UNITS);
    else if (++r->tables % TABLES_LOOKED == 0 && cpu_us() - r->began > READ_US)
        return error_set(r->err, ERR_LIMIT, "the tables take too long to read: more than %d ms", READ_US / 1000);
    lua_pushnil(r->L);
    while (lua_next(r->L, index)) {
        lua_pop(r->L, 1);
        keys++;
        if (r->budget)
            script_work(r->L, 3);
    }
    int rc = (n && keys == n) || (!keys && is_marked(r->L, index)) ? read_array(r, index, n) : read_object(r, index);
    r->depth--;
    return rc;
}

static int read_value(struct reader *r, int index)
{
    size_t len;
    const char *text;
    if (r->w->out->failed) /* it is full, and the rest may be endless */
        return buf_result(r->w->out, "the JSON text", r->err);
    if (r->budget)
        script_work(r->L, 10);
    switch (lua_type(r->L, index)) {
    case LUA_TSTRING:
        text = lua_tolstring(r->L, index, &len);
        if (r->budget)
            script_work(r->L, len / 4);
        json_write_str(r->w, str_n(text, len));
        return 0;
    case LUA_TBOOLEAN:
        json_write_bool(r->w, lua_toboolean(r->L, index));
        return 0;
    case LUA_TNUMBER:
        if (lua_isinteger(r->L, index))
            json_write_int(r->w, lua_tointeger(r->L, index));
        else if (isfinite(lua_tonumber(r->L, index)))
            json_write_double(r->w, lua_tonumber(r->L, index));
        else
            return wrong(r, " is not a finite number, which JSON cannot hold");
        return 0;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(r->L, index))
            return wrong(r, " is not a value that JSON can hold");
        json_write_null(r->w);
        return 0;
    case LUA_TTABLE:
        return read_table(r, index);
    default:
        return error_set(r->err, ERR_INVALID, "%s is a %s, which JSON cannot hold", r->len ? r->path : "the value",
                         lua_typename(r->L, lua_type(r->L, index)));
    }
}

static int read_all(lua_State *L, int index, bool budget, struct buf *out, struct error *err)
{
    struct json_writer w;
    struct reader r = {.L = L, .w = &w, .err = err, .budget = budget, .began = cpu_us()};
    int top = lua_gettop(L);
    json_writer_init(&w, out);
    index = lua_absindex(L, index);
    int rc = lua_checkstack(L, 8) ? read_value(&r, index) : error_nomem(err);
    lua_settop(L, top);
    return rc ? rc : buf_result(out, "the JSON text", err);
}

int lua_json_read(lua_State *L, int index, struct buf *out, struct error *err)
{
    return read_all(L, index, false, out, err);
}

int lua_json_read_long(lua_State *L, int index, struct buf *out, struct error *err)
{
    return read_all(L, index, true, out, err);
}
