/* SPDX-License-Identifier: Apache-2.0 */
/* log.debug, info, warn and error: a line of the daemon's log from a policy (lua/types/log.lua). */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binding/modules.h"
#include "binding/values.h"
#include "run/lua_run.h"

#define FIELDS_MAX 32
#define NAME_MAX_BYTES 128
#define TEXT_MAX_BYTES 8192
#define LINE_MAX_BYTES 32768 /* of a line before it is escaped */
#define BYTE_UNITS 10        /* a byte may become six when it is escaped */
#define LINE_UNITS 500

/* The text at the top as it goes into the line: cut, with a note, where it is longer than `most` or than what is left
 * of the line. Stays on the stack. */
static const char *cut(lua_State *L, size_t most, size_t *left)
{
    size_t len;
    const char *text = lua_tolstring(L, -1, &len);
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
    }
    *left -= len;
    script_work(L, len * BYTE_UNITS);
    return lua_tostring(L, -1);
}

static void sort_fields(struct log_field *fields, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct log_field f = fields[i];
        size_t at = i;
        for (; at > 0 && strcmp(fields[at - 1].name, f.name) > 0; at--)
            fields[at] = fields[at - 1];
        fields[at] = f;
    }
}

static int write_line(lua_State *L, enum log_level level)
{
    struct log_field fields[FIELDS_MAX + 2] = {{0}};
    struct run *run = lua_run_of(L);
    struct policy_file *file = script_host(L);
    size_t n = 0, left = LINE_MAX_BYTES;
    lua_settop(L, 2);
    script_work(L, LINE_UNITS);
    luaL_tolstring(L, 1, NULL);
    const char *message = cut(L, TEXT_MAX_BYTES, &left);
    fields[n++] = run ? (struct log_field){"policy", run->policy->name} : (struct log_field){"file", file->path};
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        luaL_checkstack(L, 2 * FIELDS_MAX + 16, NULL);
        lua_pushnil(L);
        while (lua_next(L, 2)) {
            if (lua_type(L, -2) != LUA_TSTRING)
                return luaL_error(L, "the fields of a log line have names: log.info(\"text\", { job = job.key })");
            if (n > FIELDS_MAX)
                return luaL_error(L, "a log line has at most %d fields", FIELDS_MAX);
            luaL_tolstring(L, -1, NULL);
            fields[n].value = cut(L, TEXT_MAX_BYTES, &left);
            lua_replace(L, -2);
            lua_pushvalue(L, -2);
            fields[n].name = cut(L, NAME_MAX_BYTES, &left);
            lua_rotate(L, -3, 2); /* the value and the name stay on the stack, below the key that lua_next needs */
            n++;
        }
    }
    sort_fields(fields + 1, n - 1); /* Lua's order differs from run to run */
    log_event(env_of(L)->log, level, message, fields);
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
