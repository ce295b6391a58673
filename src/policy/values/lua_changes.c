/* SPDX-License-Identifier: Apache-2.0 */
/* From a Lua table of changes to mpijob_changes. */
#include "policy/values/lua_changes.h"

#include <lauxlib.h>

#include "policy/values/lua_json.h"
#include "policy/values/lua_keys.h"

#define VALUE_MAX (1024 * 1024) /* bytes of one field as JSON */
#define KEYS_MAX 4096           /* of labels or annotations */
#define FIELDS_MAX 256          /* that are named, known or not */
#define MAP_MAX 262144          /* 256 KiB: bytes of labels or annotations, of which a server takes no more */

static char remove_mark, exactly_mark;

static bool is_remove(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA &&
           (lua_touserdata(L, index) == &remove_mark || lua_touserdata(L, index) == NULL);
}

struct reading {
    lua_State *L;
    struct mpijob_changes *changes;
    struct error *err;
    lua_changes_finding found; /* NULL: the first mistake ends the reading */
    void *data;
    bool wrong;
};

/* Reports what is wrong, which err says; 0: the reading goes on. */
static int wrong(struct reading *r, int rc, const char *key, const char *member)
{
    r->wrong = true;
    if (!r->found || rc == ERR_NOMEM)
        return rc;
    r->found(r->data, key, member, r->err->message);
    return 0;
}

static int read_entry(struct reading *r, size_t *bytes, enum mpijob_map map, const char *field)
{
    lua_State *L = r->L;
    char text[96];
    size_t key_len, len;
    if (lua_type(L, -2) != LUA_TSTRING)
        return error_set(r->err, ERR_INVALID, "%s: a key is %s; keys are strings", field,
                         lua_describe(L, -2, text, sizeof text));
    const char *key = lua_tolstring(L, -2, &key_len);
    if (is_remove(L, -1))
        return mpijob_changes_map(r->changes, map, str_n(key, key_len), NULL, r->err);
    if (lua_type(L, -1) != LUA_TSTRING)
        return error_set(r->err, ERR_INVALID, "%s[\"%s\"] is %s; it has to be a string (quote it), or remove", field,
                         key, lua_describe(L, -1, text, sizeof text));
    const char *value = lua_tolstring(L, -1, &len);
    *bytes += key_len + len;
    if (*bytes > MAP_MAX)
        return error_set(r->err, ERR_LIMIT, "%s have more than %d bytes together", field, MAP_MAX);
    struct str given = str_n(value, len);
    return mpijob_changes_map(r->changes, map, str_n(key, key_len), &given, r->err);
}

static bool is_exactly_mark(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == &exactly_mark;
}

static int read_map(struct reading *r, int index, enum mpijob_map map, const char *field)
{
    lua_State *L = r->L;
    char text[96];
    if (is_remove(L, index)) {
        mpijob_changes_exactly(r->changes, map);
        return 0;
    }
    if (lua_type(L, index) != LUA_TTABLE)
        return error_set(r->err, ERR_INVALID, "%s is %s; it has to be a table, as in %s = { team = \"vision\" }", field,
                         lua_describe(L, index, text, sizeof text), field);
    lua_rawgetp(L, index, &exactly_mark);
    if (lua_toboolean(L, -1))
        mpijob_changes_exactly(r->changes, map);
    lua_pop(L, 1);
    int n = lua_keys_push(L, index, KEYS_MAX + 1), list = lua_gettop(L);
    if (n < 0 || (n > KEYS_MAX && lua_rawgetp(L, index, &exactly_mark) == LUA_TNIL))
        return error_set(r->err, ERR_INVALID, "%s has more than %d keys", field, KEYS_MAX);
    size_t bytes = 0;
    for (int i = 1; i <= n; i++) {
        lua_keys_get(L, index, list, i);
        int rc = is_exactly_mark(L, -2) ? 0 : read_entry(r, &bytes, map, field);
        bool full = rc == ERR_LIMIT; /* so it would be told of all that follow */
        if (rc)
            rc = wrong(r, rc, field, lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL);
        lua_settop(L, list);
        if (rc || full)
            return rc;
    }
    return 0;
}

/* The key is below the top, its value at the top. */
static int read_field(struct reading *r)
{
    lua_State *L = r->L;
    char text[96];
    if (lua_type(L, -2) != LUA_TSTRING)
        return error_set(r->err, ERR_INVALID, "a field's name is %s; changes look like { cleanPodPolicy = \"All\" }",
                         lua_describe(L, -2, text, sizeof text));
    const char *field = lua_tostring(L, -2);
    if (strcmp(field, "labels") == 0)
        return read_map(r, lua_gettop(L), CHANGE_LABELS, field);
    if (strcmp(field, "annotations") == 0)
        return read_map(r, lua_gettop(L), CHANGE_ANNOTATIONS, field);
    if (is_remove(L, -1))
        return mpijob_changes_set(r->changes, field, str_of("null"), r->err);
    struct buf value;
    int64_t whole;
    buf_init(&value, VALUE_MAX);
    int rc = 0;
    if (lua_whole(L, -1, &whole)) /* 3600.0, as time.duration gives it, is 3600 */
        buf_printf(&value, "%lld", (long long)whole);
    else
        rc = lua_json_read(L, -1, &value, r->err);
    if (rc)
        error_prefix(r->err, "%s", field);
    else
        rc = mpijob_changes_set(r->changes, field, buf_str(&value), r->err);
    buf_free(&value);
    return rc;
}

static int read_all(struct reading *r, int index)
{
    lua_State *L = r->L;
    char text[96];
    int top = lua_gettop(L), rc = 0;
    index = lua_absindex(L, index);
    *r->changes = (struct mpijob_changes){.kind = r->changes->kind};
    if (!lua_checkstack(L, 24))
        return error_nomem(r->err);
    if (lua_type(L, index) != LUA_TTABLE)
        return wrong(r,
                     error_set(r->err, ERR_INVALID,
                               "the changes are %s; they have to be a table, as { cleanPodPolicy = \"All\" }",
                               lua_describe(L, index, text, sizeof text)),
                     "", NULL);
    int n = lua_keys_push(L, index, FIELDS_MAX), list = top + 1;
    if (n < 0)
        rc = wrong(r, error_set(r->err, ERR_INVALID, "the changes have more than %d fields", FIELDS_MAX), "", NULL);
    for (int i = 1; !rc && i <= n; i++) {
        lua_keys_get(L, index, list, i);
        bool named = lua_type(L, -2) == LUA_TSTRING;
        const char *field = named ? lua_tostring(L, -2) : "";
        rc = read_field(r);
        if (rc)
            rc = wrong(r, rc, field, NULL);
        lua_settop(L, list);
    }
    lua_settop(L, top);
    return rc;
}

int lua_changes_read(lua_State *L, int index, struct mpijob_changes *changes, struct error *err)
{
    struct reading r = {.L = L, .changes = changes, .err = err};
    return read_all(&r, index);
}

int lua_changes_read_all(lua_State *L, int index, struct mpijob_changes *changes, lua_changes_finding found, void *data,
                         struct error *err)
{
    struct reading r = {.L = L, .changes = changes, .err = err, .found = found, .data = data};
    int rc = read_all(&r, index);
    return rc || !r.wrong ? rc : ERR_INVALID;
}

static int l_exactly(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &exactly_mark);
    return 1;
}

void lua_changes_open(lua_State *L)
{
    lua_pushlightuserdata(L, &remove_mark);
    lua_setfield(L, -2, "remove");
    lua_pushcfunction(L, l_exactly);
    lua_setfield(L, -2, "exactly");
}
