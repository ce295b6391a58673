/* log.debug, info, warn and error: a line of the daemon's log from a policy (lua/types/log.lua). */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/modules.h"
#include "binding/values.h"
#include "run/lua_run.h"

#define FIELDS_MAX 32

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
    size_t n = 0;
    lua_settop(L, 2);
    const char *message = luaL_tolstring(L, 1, NULL);
    fields[n++] = run ? (struct log_field){"policy", run->policy->name} : (struct log_field){"file", file->path};
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        luaL_checkstack(L, FIELDS_MAX + 8, NULL);
        lua_pushnil(L);
        while (lua_next(L, 2)) {
            if (lua_type(L, -2) != LUA_TSTRING)
                return luaL_error(L, "the fields of a log line have names: log.info(\"text\", { job = job.key })");
            if (n > FIELDS_MAX)
                return luaL_error(L, "a log line has at most %d fields", FIELDS_MAX);
            fields[n].name = lua_tostring(L, -2);
            fields[n].value = luaL_tolstring(L, -1, NULL); /* stays on the stack, below the key that lua_next needs */
            lua_insert(L, -3);
            lua_pop(L, 1);
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
