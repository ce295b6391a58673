/* SPDX-License-Identifier: Apache-2.0 */
/* log.debug, info, warn and error: a line of the daemon's log from a policy (lua/types/log.lua). */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "binding/base/values.h"
#include "binding/modules.h"
#include "run/lua_run.h"
#include "run/run.h"

#define FIELDS_MAX 32
#define NAME_MAX_BYTES 128
#define TEXT_MAX_BYTES 8192
#define LINE_MAX_BYTES 32768 /* of a line before it is escaped */
#define BYTE_UNITS 10        /* a byte may become six when it is escaped */
#define LINE_UNITS 500

struct line_field {
    const char *name, *value;
    bool json; /* the value is JSON, and no text */
};

/* The text at the top as it goes into the line: cut, with a note, where it is longer than `most` or than what is left
 * of the line. Stays on the stack. Returns whether it is whole. */
static bool cut(lua_State *L, size_t most, size_t *left)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
    bool whole = true;
    if (most > *left)
        most = *left;
    if (len > most) {
        size_t kept = most;
        while (kept && ((unsigned char)text[kept] & 0xC0) == 0x80) /* between characters of UTF-8 */
            kept--;
        char note[64];
        luaL_Buffer b;
        snprintf(note, sizeof note, "... (cut, it has %zu bytes)", len);
        luaL_buffinit(L, &b);
        luaL_addlstring(&b, text, kept);
        luaL_addstring(&b, note);
        luaL_pushresult(&b);
        lua_replace(L, -2);
        len = kept;
        whole = false;
    }
    *left -= len;
    script_work(L, len * BYTE_UNITS);
    return whole;
}

/* Replaces the table at the top by its JSON. Returns whether JSON can hold it, and the line its JSON. */
static bool table_text(lua_State *L)
{
    struct error err;
    int rc = binding_json_push(L, -1, TEXT_MAX_BYTES, &err);
    if (rc == ERR_LIMIT) {
        lua_pushliteral(L, "... (cut)");
        lua_concat(L, 2);
    } else if (rc) {
        lua_pop(L, 1);
        lua_pushfstring(L, "(a table that JSON cannot hold: %s)", err.message);
    }
    lua_replace(L, -2);
    return rc == 0;
}

/* Replaces the value at the top by its text. Returns whether that is JSON: of a number, of true and false, of json.null
 * and of a table. */
static bool value_text(lua_State *L)
{
    int type = lua_type(L, -1);
    if (luaL_getmetafield(L, -1, "__tostring") != LUA_TNIL)
        lua_pop(L, 1);
    else if (type == LUA_TTABLE)
        return table_text(L);
    bool json = type == LUA_TBOOLEAN || (type == LUA_TNUMBER && isfinite(lua_tonumber(L, -1)));
    if (type == LUA_TLIGHTUSERDATA && !lua_touserdata(L, -1)) {
        lua_pushliteral(L, "null");
        json = true;
    } else {
        luaL_tolstring(L, -1, NULL);
    }
    lua_replace(L, -2);
    return json;
}

/* The names that each line has of its own come out with an underscore, so that a line of JSON has each name once. */
static void name_text(lua_State *L)
{
    static const char *const ours[] = {"time",           "level",         "message",  "policy",
                                       "cluster",        "run",           "repeated", "repeated_since",
                                       "repeated_until", "repeated_jobs", "file",     "repeated_objects"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(lua_tostring(L, -1), ours[i]) == 0) {
            lua_pushliteral(L, "_");
            lua_concat(L, 2);
            return;
        }
    }
}

static void sort_fields(struct line_field *fields, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct line_field f = fields[i];
        size_t at = i;
        for (; at > 0 && strcmp(fields[at - 1].name, f.name) > 0; at--)
            fields[at] = fields[at - 1];
        fields[at] = f;
    }
}

/* The fields of the table at index 2; their texts stay on the stack. */
static size_t read_fields(lua_State *L, struct line_field *fields, size_t *left)
{
    size_t n = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checkstack(L, 2 * FIELDS_MAX + 24, NULL);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "the fields of a log line have names: log.info(\"text\", { job = job.key })");
        if (n == FIELDS_MAX)
            luaL_error(L, "a log line has at most %d fields", FIELDS_MAX);
        bool json = value_text(L);
        json = cut(L, TEXT_MAX_BYTES, left) && json;
        fields[n].value = lua_tostring(L, -1);
        fields[n].json = json;
        lua_pushvalue(L, -2);
        name_text(L);
        cut(L, NAME_MAX_BYTES, left);
        fields[n++].name = lua_tostring(L, -1);
        lua_rotate(L, -3, 2); /* the value and the name stay on the stack, below the key that lua_next needs */
    }
    sort_fields(fields, n); /* Lua's order differs from run to run */
    return n;
}

static int write_line(lua_State *L, enum log_level level)
{
    struct line_field fields[FIELDS_MAX];
    struct log_field shown[2 * FIELDS_MAX + 2] = {{0}};
    struct run *run = lua_run_of(L);
    struct policy_file *file = script_host(L);
    size_t left = LINE_MAX_BYTES;
    size_t n = 0, count = 0;
    lua_settop(L, 2);
    script_work(L, LINE_UNITS);
    lua_pushvalue(L, 1);
    value_text(L);
    cut(L, TEXT_MAX_BYTES, &left);
    const char *message = lua_tostring(L, -1);
    if (!lua_isnoneornil(L, 2))
        count = read_fields(L, fields, &left);
    if (!run)
        shown[n++] = (struct log_field){"file", file->path};
    for (size_t i = 0; i < count; i++) {
        if (fields[i].json)
            shown[n++] = (struct log_field){log_json_next, ""};
        shown[n++] = (struct log_field){fields[i].name, fields[i].value};
    }
    if (!run)
        log_event(env_of(L)->log, level, message, shown);
    else if (!run_counts(run)) /* a rehearsal asks of every job */
        run_event(run, level, message, shown);
    return 0;
}

static int l_debug(lua_State *L)
{
    return write_line(L, LOG_DEBUG);
}

static int l_info(lua_State *L)
{
    return write_line(L, LOG_INFO);
}

static int l_warn(lua_State *L)
{
    return write_line(L, LOG_WARN);
}

static int l_error(lua_State *L)
{
    return write_line(L, LOG_ERROR);
}

static const struct binding_function functions[] = {{"debug", l_debug, MAY_NOTHING},
                                                    {"info", l_info, MAY_NOTHING},
                                                    {"warn", l_warn, MAY_NOTHING},
                                                    {"error", l_error, MAY_NOTHING},
                                                    {NULL, NULL, 0}};
const struct binding_module module_log = {.name = "log", .annotations = "log.lua", .functions = functions};
