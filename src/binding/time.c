/* SPDX-License-Identifier: Apache-2.0 */
/* time and sleep (lua/types/time.lua): all by the daemon's clock, which tests can move. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/modules.h"
#include "loop/timer.h"
#include "policy/values/lua_clock.h"
#include "time/cron.h"
#include "time/duration.h"
#include "time/window.h"
#include "time/zone.h"

static int l_now(lua_State *L)
{
    lua_pushnumber(L, (double)lua_clock_now(L, env_of(L)->clock) / 1e6);
    return 1;
}

/* Seconds at index (default: now) as whole seconds since 1970. */
static int64_t instant(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index)) {
        int64_t now = lua_clock_now(L, env_of(L)->clock);
        return now / CLOCK_SECOND - (now % CLOCK_SECOND < 0);
    }
    double seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds > -6e10 && seconds < 2.5e11, index, "seconds since 1970 expected");
    return (int64_t)floor(seconds);
}

/* ---- zones: a state keeps those that it has asked for, and the errors of those that there are not ---- */

#define ZONES_KEPT 64    /* zones, and errors; a state that wants more reads files again and again, and pays for it */
#define UNKNOWN_SOUGHT 8 /* for so many unknown names all zones are gone through for one that is near */
#define ZONE_BYTES 4096  /* about, of one */
#define ZONE_UNITS 10000 /* 100 us: a file is read */
#define SEARCH_UNITS 1000000 /* 10 ms: a folder of files is gone through */

struct kept_zone {
    struct zone *zone;
};

static char zones_mark; /* its address is the key of the table in the registry */

static int l_free_zone(lua_State *L)
{
    struct kept_zone *k = lua_touserdata(L, 1);
    if (k->zone)
        script_native(L, ZONE_BYTES, 0);
    zone_free(k->zone);
    k->zone = NULL;
    return 0;
}

/* Pushes the table from names to zones (userdata) and errors (texts); [1] is how many there are, [2] how many errors.
 */
static void push_zones(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &zones_mark) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &zones_mark);
}

static lua_Integer counted(lua_State *L, int table, lua_Integer which)
{
    lua_rawgeti(L, table, which);
    lua_Integer n = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return n;
}

/* The value on the top becomes the name's, where there is room; it stays on the top. */
static void keep(lua_State *L, int table, const char *name, lua_Integer which)
{
    lua_Integer n = counted(L, table, which);
    if (n >= ZONES_KEPT)
        return;
    lua_pushvalue(L, -1);
    lua_setfield(L, table, name);
    lua_pushinteger(L, n + 1);
    lua_rawseti(L, table, which);
}

static void push_new_zone(lua_State *L, int table, const char *name)
{
    struct kept_zone *k = lua_newuserdatauv(L, sizeof *k, 0);
    k->zone = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, l_free_zone);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    const struct policy_file *file = script_host(L);
    const struct policy_zones none = {0}, *zones = file ? &file->zones : &none;
    bool known = policy_zones_know(zones, name);
    if (!policy_zones_find(zones, name))
        script_work(L, known ? ZONE_UNITS : SEARCH_UNITS);
    if (!known && counted(L, table, 2) >= UNKNOWN_SOUGHT) {
        luaL_error(L, "unknown time zone \"%s\"", name);
    } else if (policy_zones_get(zones, name, &k->zone, err)) {
        lua_pushstring(L, err->message);
        keep(L, table, name, 2);
        lua_error(L);
    }
    script_native(L, 0, ZONE_BYTES);
    lua_pop(L, 1);
    keep(L, table, name, 1);
}

/* Valid as long as the value that it leaves on the top is there. */
static const struct zone *zone_at_index(lua_State *L, int index)
{
    const char *name = luaL_optstring(L, index, "UTC");
    luaL_checkstack(L, 12, NULL);
    push_zones(L);
    int table = lua_gettop(L);
    if (lua_getfield(L, table, name) == LUA_TSTRING)
        lua_error(L);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        push_new_zone(L, table, name);
    }
    return ((struct kept_zone *)lua_touserdata(L, -1))->zone;
}

/* rfc3339([seconds [, zone]]) */
static int l_rfc3339(lua_State *L)
{
    char text[40];
    int64_t when = instant(L, 1);
    if (lua_isnoneornil(L, 2)) {
        clock_format(when * CLOCK_SECOND, false, text);
    } else {
        zone_format(zone_at_index(L, 2), when, text);
    }
    lua_pushstring(L, text);
    return 1;
}

/* parse("2026-11-23T20:15:00Z"): seconds, or nil and an error */
static int l_parse(lua_State *L)
{
    int64_t us;
    const char *text = luaL_checkstring(L, 1);
    if (!clock_parse(text, &us)) {
        struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
        error_set(err, ERR_SYNTAX, "\"%s\" is not an RFC 3339 time such as 2026-11-23T20:15:00Z", text);
        return push_failure(L, err);
    }
    if (us % CLOCK_SECOND == 0)
        lua_pushinteger(L, us / CLOCK_SECOND);
    else
        lua_pushnumber(L, (double)us / 1e6);
    return 1;
}

static void set_int(lua_State *L, const char *name, int value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, name);
}

/* date([seconds [, zone]]): { year, month, day, hour, min, sec, wday (1: Sunday), isdst, offset } */
static int l_date(lua_State *L)
{
    int64_t when = instant(L, 1);
    const struct zone *zone = zone_at_index(L, 2);
    struct civil c = zone_civil(zone, when);
    struct zone_offset offset = zone_at(zone, when);
    lua_createtable(L, 0, 10);
    set_int(L, "year", c.year);
    set_int(L, "month", c.month);
    set_int(L, "day", c.day);
    set_int(L, "hour", c.hour);
    set_int(L, "min", c.minute);
    set_int(L, "sec", c.second);
    set_int(L, "wday", civil_weekday(c.year, c.month, c.day) + 1);
    set_int(L, "offset", offset.seconds);
    lua_pushboolean(L, offset.dst);
    lua_setfield(L, -2, "isdst");
    return 1;
}

static int64_t check_duration(lua_State *L, int index)
{
    int64_t us;
    if (lua_type(L, index) == LUA_TNUMBER) {
        double seconds = lua_tonumber(L, index);
        luaL_argcheck(L, seconds >= 0 && seconds < 3.2e9, index, "seconds, or a duration such as \"90s\", expected");
        return (int64_t)(seconds * 1e6);
    }
    const char *text = luaL_checkstring(L, index);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (duration_parse(text, &us, err))
        luaL_error(L, "%s", err->message);
    lua_pop(L, 1);
    return us;
}

/* duration("1h30m"): 5400.0; duration(5400): "1h30m" */
static int l_duration(lua_State *L)
{
    char text[32];
    if (lua_type(L, 1) == LUA_TNUMBER) {
        duration_format(check_duration(L, 1), false, text);
        lua_pushstring(L, text);
    } else {
        lua_pushnumber(L, (double)check_duration(L, 1) / 1e6);
    }
    return 1;
}

/* ---- windows, schedules, civil times ---- */

#define WINDOWS_MAX 100
#define NEXT_UNITS 20000 /* 200 us: a schedule may look years ahead */

static bool open_at(lua_State *L, int index, const struct zone *zone, int64_t when)
{
    struct window w;
    if (lua_type(L, index) != LUA_TSTRING)
        luaL_error(L, "a window such as \"mon-fri 09:00-18:00\", or a list of them, expected");
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (window_parse(lua_tostring(L, index), &w, err))
        luaL_error(L, "%s", err->message);
    lua_pop(L, 1);
    return window_open(&w, zone, when);
}

/* within(window or list [, seconds [, zone]]) */
static int l_within(lua_State *L)
{
    int64_t when = instant(L, 2);
    lua_settop(L, 3);
    const struct zone *zone = zone_at_index(L, 3);
    bool open = false;
    if (!lua_istable(L, 1)) {
        lua_pushboolean(L, open_at(L, 1, zone, when));
        return 1;
    }
    lua_Integer n = (lua_Integer)lua_rawlen(L, 1);
    luaL_argcheck(L, n <= WINDOWS_MAX, 1, "at most 100 windows expected");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 1, i);
        open = open_at(L, lua_gettop(L), zone, when) || open;
        lua_pop(L, 1);
        script_work(L, 100);
    }
    lua_pushboolean(L, open);
    return 1;
}

/* next(schedule [, seconds [, zone]]): the first time after it; nil: it never comes */
static int l_next(lua_State *L)
{
    struct cron cron;
    int64_t next, when = instant(L, 2);
    const char *text = luaL_checkstring(L, 1);
    lua_settop(L, 3);
    const struct zone *zone = zone_at_index(L, 3);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    script_work(L, NEXT_UNITS);
    if (cron_parse(text, &cron, err))
        return luaL_error(L, "%s", err->message);
    if (cron_next(&cron, zone, when, &next, err))
        lua_pushnil(L);
    else
        lua_pushinteger(L, next);
    return 1;
}

static int date_field(lua_State *L, const char *name, int64_t unset)
{
    int64_t value = option_whole(L, 1, name, -100000, 100000, unset);
    if (value == INT64_MIN)
        luaL_error(L, "time.at: %s is missing", name);
    return (int)value;
}

/* at({ year, month, day, hour, min, sec } [, zone]): seconds. Of a time that comes twice the first, of one in a gap the
 * first after it. */
static int l_at(lua_State *L)
{
    static const char *const fields[] = {"year", "month", "day", "hour", "min", "sec", "wday", "isdst", "offset", NULL};
    int64_t first, second;
    luaL_checktype(L, 1, LUA_TTABLE);
    check_options(L, 1, fields);
    struct civil c = {.year = date_field(L, "year", INT64_MIN),
                      .month = date_field(L, "month", INT64_MIN),
                      .day = date_field(L, "day", INT64_MIN),
                      .hour = date_field(L, "hour", 0),
                      .minute = date_field(L, "min", 0),
                      .second = date_field(L, "sec", 0)};
    lua_settop(L, 2);
    zone_instants(zone_at_index(L, 2), &c, &first, &second);
    lua_pushinteger(L, first);
    return 1;
}

/* ---- sleep ---- */

/* A loop of such short sleeps would otherwise turn for ever at the daemon's cost, and have no CPU time counted. */
#define SLEEP_SHORT_US 10000
#define SLEEP_SHORT_COSTS_US 100

struct sleeping {
    struct pending pending;
    struct alarms *alarms;
    struct alarm alarm;
};

static void woke(struct alarm *alarm, int64_t now)
{
    (void)now;
    struct sleeping *s = alarm->data;
    pending_finish(&s->pending);
}

static void abort_sleep(struct pending *p)
{
    struct sleeping *s = (struct sleeping *)p;
    alarm_stop(s->alarms, &s->alarm);
    pending_finish(p);
}

static void release_sleep(struct pending *p)
{
    (void)p;
}

static int sleep_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)L;
    (void)status;
    pending_over((struct pending *)ctx);
    return 0;
}

static int l_sleep(lua_State *L)
{
    int64_t us = check_duration(L, 1);
    check_run(L, "sleep");
    if (us < SLEEP_SHORT_US)
        script_charge(L, SLEEP_SHORT_COSTS_US);
    const struct policy_env *env = env_of(L);
    struct sleeping *s = pending_new(L, sizeof *s, abort_sleep, release_sleep);
    s->alarms = env->alarms;
    s->alarm.ring = woke;
    s->alarm.data = s;
    if (alarm_set(env->alarms, &s->alarm, clock_now(env->clock) + us))
        return luaL_error(L, "not enough memory");
    return pending_wait(L, &s->pending, sleep_k);
}

static const struct binding_function functions[] = {{"now", l_now, MAY_NOTHING},
                                                    {"rfc3339", l_rfc3339, MAY_NOTHING},
                                                    {"parse", l_parse, MAY_NOTHING},
                                                    {"date", l_date, MAY_NOTHING},
                                                    {"duration", l_duration, MAY_NOTHING},
                                                    {"within", l_within, MAY_NOTHING},
                                                    {"next", l_next, MAY_NOTHING},
                                                    {"at", l_at, MAY_NOTHING},
                                                    {NULL, NULL, 0}};
const struct binding_module module_time = {.name = "time", .annotations = "time.lua", .functions = functions};

static const struct binding_function globals[] = {{"sleep", l_sleep, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_sleep = {.annotations = "time.lua", .functions = globals};
