/* SPDX-License-Identifier: Apache-2.0 */
/* From a Lua table of changes to mpijob_changes. */
#include "policy/lua_changes.h"

#include <lauxlib.h>

#include "policy/lua_json.h"

#define VALUE_MAX (1024 * 1024) /* bytes of one field as JSON */
#define KEYS_MAX 4096           /* of labels or annotations */
#define MAP_MAX 262144          /* 256 KiB: bytes of labels or annotations, of which a server takes no more */

static char remove_mark, exactly_mark;

static bool is_remove(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TLIGHTUSERDATA &&
           (lua_touserdata(L, index) == &remove_mark || lua_touserdata(L, index) == NULL);
}

static int read_entry(lua_State *L, size_t *bytes, enum mpijob_map map, const char *field,
                      struct mpijob_changes *changes, struct error *err)
{
    char text[96];
    size_t key_len, len;
    if (lua_type(L, -2) != LUA_TSTRING)
        return error_set(err, ERR_INVALID, "%s: a key is %s; keys are strings", field,
                         lua_describe(L, -2, text, sizeof text));
    const char *key = lua_tolstring(L, -2, &key_len);
    if (is_remove(L, -1))
        return mpijob_changes_map(changes, map, str_n(key, key_len), NULL, err);
    if (lua_type(L, -1) != LUA_TSTRING)
        return error_set(err, ERR_INVALID, "%s[\"%s\"] is %s; it has to be a string (quote it), or remove", field, key,
                         lua_describe(L, -1, text, sizeof text));
    const char *value = lua_tolstring(L, -1, &len);
    *bytes += key_len + len;
    if (*bytes > MAP_MAX)
        return error_set(err, ERR_INVALID, "%s have more than %d bytes together", field, MAP_MAX);
    struct str given = str_n(value, len);
    return mpijob_changes_map(changes, map, str_n(key, key_len), &given, err);
}

static int read_map(lua_State *L, int index, enum mpijob_map map, struct mpijob_changes *changes, struct error *err)
{
    const char *field = map == CHANGE_LABELS ? "labels" : "annotations";
    char text[96];
    if (is_remove(L, index)) {
        mpijob_changes_exactly(changes, map);
        return 0;
    }
    if (lua_type(L, index) != LUA_TTABLE)
        return error_set(err, ERR_INVALID, "%s is %s; it has to be a table, as in %s = { team = \"vision\" }", field,
                         lua_describe(L, index, text, sizeof text), field);
    lua_rawgetp(L, index, &exactly_mark);
    if (lua_toboolean(L, -1))
        mpijob_changes_exactly(changes, map);
    lua_pop(L, 1);
    size_t keys = 0, bytes = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (++keys > KEYS_MAX)
            return error_set(err, ERR_INVALID, "%s has more than %d keys", field, KEYS_MAX);
        bool mark = lua_type(L, -2) == LUA_TLIGHTUSERDATA && lua_touserdata(L, -2) == &exactly_mark;
        int rc = mark ? 0 : read_entry(L, &bytes, map, field, changes, err);
        if (rc)
            return rc;
        lua_pop(L, 1);
    }
    return 0;
}

static int read_field(lua_State *L, struct mpijob_changes *changes, struct error *err)
{
    char text[96];
    if (lua_type(L, -2) != LUA_TSTRING)
        return error_set(err, ERR_INVALID, "a field's name is %s; changes look like { cleanPodPolicy = \"All\" }",
                         lua_describe(L, -2, text, sizeof text));
    const char *field = lua_tostring(L, -2);
    if (strcmp(field, "labels") == 0)
        return read_map(L, lua_gettop(L), CHANGE_LABELS, changes, err);
    if (strcmp(field, "annotations") == 0)
        return read_map(L, lua_gettop(L), CHANGE_ANNOTATIONS, changes, err);
    if (is_remove(L, -1))
        return mpijob_changes_set(changes, field, str_of("null"), err);
    struct buf value;
    int64_t whole;
    buf_init(&value, VALUE_MAX);
    int rc = 0;
    if (lua_whole(L, -1, &whole)) /* 3600.0, as time.duration gives it, is 3600 */
        buf_printf(&value, "%lld", (long long)whole);
    else
        rc = lua_json_read(L, -1, &value, err);
    if (rc)
        error_prefix(err, "%s", field);
    else
        rc = mpijob_changes_set(changes, field, buf_str(&value), err);
    buf_free(&value);
    return rc;
}

int lua_changes_read(lua_State *L, int index, struct mpijob_changes *changes, struct error *err)
{
    char text[96];
    int top = lua_gettop(L), rc = 0;
    index = lua_absindex(L, index);
    *changes = (struct mpijob_changes){0};
    if (!lua_checkstack(L, 12))
        return error_nomem(err);
    if (lua_type(L, index) != LUA_TTABLE)
        return error_set(err, ERR_INVALID,
                         "the changes are %s; they have to be a table, as { cleanPodPolicy = \"All\" }",
                         lua_describe(L, index, text, sizeof text));
    lua_pushnil(L);
    while (!rc && lua_next(L, index)) {
        rc = read_field(L, changes, err);
        lua_settop(L, top + 1);
    }
    lua_settop(L, top);
    return rc;
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
