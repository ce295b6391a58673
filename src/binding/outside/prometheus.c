/* SPDX-License-Identifier: Apache-2.0 */
/* prometheus.query, query_range and value (lua/types/prometheus.lua): the servers of the configuration, by name. No
 * data is an empty list, or an error of its own, and never a zero. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "binding/outside/http.h"
#include "binding/outside/outside_modules.h"
#include "outside/outbox.h"
#include "outside/outside.h"
#include "policy/values/lua_clock.h"
#include "policy/values/lua_json.h"

#define EXPRESSION_MAX 16384
#define ANSWER_MAX (4 * 1024 * 1024)
#define POINTS_MAX 11000 /* of one series; Prometheus' own bound */

/* ---- the answer ---- */

static void push_number(lua_State *L, struct json text)
{
    char word[64];
    json_string_at(text, "", word, sizeof word);
    lua_pushnumber(L, strtod(word, NULL)); /* "NaN", "+Inf" and "-Inf" too */
}

static void push_time(lua_State *L, struct json value)
{
    double seconds = 0;
    json_double(value, &seconds);
    lua_pushnumber(L, seconds);
}

/* { value, at } of [time, "value"], into the table at the top. */
static void set_sample(lua_State *L, struct json pair)
{
    push_number(L, json_at(pair, "/1"));
    lua_setfield(L, -2, "value");
    push_time(L, json_at(pair, "/0"));
    lua_setfield(L, -2, "at");
}

static void push_series(lua_State *L, struct json series)
{
    lua_Integer n = 0;
    lua_createtable(L, 0, 3);
    lua_json_push(L, json_get(series, "metric"));
    lua_setfield(L, -2, "labels");
    if (json_exists(json_get(series, "value"))) {
        set_sample(L, json_get(series, "value"));
        return;
    }
    lua_newtable(L);
    for (struct json_iter it = json_iter(json_get(series, "values")); json_next(&it);) {
        script_work(L, 50);
        lua_createtable(L, 0, 2);
        set_sample(L, it.value);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "samples");
}

static void push_result(lua_State *L, struct json data)
{
    char type[16];
    lua_Integer n = 0;
    json_string_at(data, "/resultType", type, sizeof type);
    lua_newtable(L);
    lua_json_mark_array(L, -1);
    if (strcmp(type, "scalar") == 0) {
        lua_createtable(L, 0, 3);
        lua_newtable(L);
        lua_setfield(L, -2, "labels");
        set_sample(L, json_get(data, "result"));
        lua_rawseti(L, -2, 1);
        return;
    }
    for (struct json_iter it = json_iter(json_get(data, "result")); json_next(&it);) {
        script_work(L, 100 + it.value.text.len / 16);
        push_series(L, it.value);
        lua_rawseti(L, -2, ++n);
    }
}

/* The server's own words for what is wrong with an expression. */
static int refused(struct json root, int status, struct error *err)
{
    char kind[64], message[512];
    json_string_at(root, "/errorType", kind, sizeof kind);
    json_string_at(root, "/error", message, sizeof message);
    error_set_status(err, ERR_HTTP, status, "Prometheus answered %d: %s%s%s", status, kind, *kind ? ": " : "", message);
    error_set_retryable(err, status == 429 || status >= 500);
    return ERR_HTTP;
}

static int read_answer(struct lua_http *h, struct json *data)
{
    struct json root = {{0}};
    if (h->err.code)
        return h->err.code;
    int rc = json_parse(buf_str(&h->body), "the answer of Prometheus", &root, &h->err);
    if (h->status != 200)
        return refused(rc ? (struct json){{0}} : root, h->status, &h->err);
    if (rc)
        return rc;
    if (!json_string_is(json_get(root, "status"), str_of("success")))
        return refused(root, h->status, &h->err);
    *data = json_get(root, "data");
    return 0;
}

static int list_k(lua_State *L, int status, lua_KContext ctx)
{
    struct lua_http *h = (struct lua_http *)ctx; // NOLINT(performance-no-int-to-ptr)
    struct json data;
    int n = 1;
    (void)status;
    script_work(L, h->body.len / 8);
    if (read_answer(h, &data))
        n = push_failure(L, &h->err);
    else
        push_result(L, data);
    pending_over(&h->pending);
    return n;
}

static int no_value(lua_State *L, const char *reason, const char *message)
{
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    error_set(err, ERR_NOT_FOUND, "%s", message);
    snprintf(err->reason, sizeof err->reason, "%s", reason);
    return push_failure(L, err);
}

static int value_k(lua_State *L, int status, lua_KContext ctx)
{
    int n = list_k(L, status, ctx);
    if (n != 1)
        return n;
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    if (count == 0)
        return no_value(L, "NoData", "the expression has no data");
    if (count > 1)
        return no_value(L, "Ambiguous", "the expression has several series; aggregate them, as by sum(...)");
    lua_rawgeti(L, -1, 1);
    if (lua_getfield(L, -1, "value") != LUA_TNUMBER)
        return no_value(L, "NoData", "the expression has no data");
    if (isnan(lua_tonumber(L, -1)))
        return no_value(L, "NoData", "the expression has no value (NaN)");
    return 1;
}

/* ---- the question ---- */

static const char *const options[] = {"server", "time", "timeout", "from", "to", "step", NULL};

static void add_form(luaL_Buffer *b, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    luaL_addstring(b, name);
    luaL_addchar(b, '=');
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (plain) {
            luaL_addchar(b, (char)c);
        } else {
            luaL_addchar(b, '%');
            luaL_addchar(b, digits[c >> 4]);
            luaL_addchar(b, digits[c & 15]);
        }
    }
}

/* The instant that an option names; unset: now. */
static double option_time(lua_State *L, const char *name)
{
    double seconds = (double)lua_clock_now(L, env_of(L)->clock) / 1e6;
    if (lua_getfield(L, 2, name) != LUA_TNIL) {
        if (lua_type(L, -1) != LUA_TNUMBER || !(fabs(lua_tonumber(L, -1)) < 1e11))
            luaL_error(L, "option %s has to be a time: seconds since 1970", name);
        seconds = lua_tonumber(L, -1);
    }
    lua_pop(L, 1);
    return seconds;
}

static void add_time(luaL_Buffer *b, const char *name, double seconds)
{
    char text[40];
    snprintf(text, sizeof text, "%.3f", seconds);
    luaL_addchar(b, '&');
    add_form(b, name, text);
}

static const struct outbox_sink *server_of(lua_State *L)
{
    const struct outside_config *config = outside_config_of(env_of(L)->outside);
    const char *name = option_string(L, 2, "server");
    if (!config->server_count)
        luaL_error(L, "the configuration has no server under `prometheus`");
    if (!name && config->server_count > 1)
        luaL_error(L, "the configuration has several servers under `prometheus`; name one: server = \"%s\"",
                   config->servers[0].name);
    for (size_t i = 0; i < config->server_count; i++) {
        if (!name || config->stand_in || strcmp(config->servers[i].name, name) == 0)
            return &config->servers[i];
    }
    luaL_error(L, "the configuration has no server \"%s\" under `prometheus`", name);
    return NULL; /* not reached */
}

/* At 1 the expression, at 2 the options. */
static int ask(lua_State *L, const char *call, bool range, lua_KFunction k)
{
    size_t len;
    const char *expression = luaL_checklstring(L, 1, &len);
    lua_settop(L, 2);
    check_options(L, 2, options);
    if (lua_isnil(L, 2)) {
        lua_newtable(L);
        lua_replace(L, 2);
    }
    if (!len || len > EXPRESSION_MAX || strlen(expression) != len)
        return luaL_error(L, "%s: an expression has 1 to %d bytes, and no NUL", call, EXPRESSION_MAX);
    struct lua_http *h = lua_http_new(L, call);
    const struct outbox_sink *server = server_of(L);
    const struct buf *parts = server->notice.parts;
    double at = option_time(L, "time"), to = option_time(L, "to"), from = range ? option_time(L, "from") : 0;
    double step = (double)option_duration(L, 2, "step", 60000000) / 1e6;
    int64_t timeout = option_duration(L, 2, "timeout", 30000000);
    if (range && (from >= to || step <= 0 || (to - from) / step > POINTS_MAX))
        return luaL_error(L, "%s: from has to be before to, with at most %d steps between them", call, POINTS_MAX);
    if (timeout < 1000 || timeout > (int64_t)WEB_TIMEOUT_MAX_MS * 1000)
        return luaL_error(L, "option timeout has to be at most 5m");
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    add_form(&b, "query", expression);
    if (range) {
        add_time(&b, "start", from);
        add_time(&b, "end", to);
        add_time(&b, "step", step);
    } else {
        add_time(&b, "time", at);
    }
    luaL_pushresult(&b);
    struct str body;
    body.ptr = lua_tolstring(L, -1, &body.len);
    luaL_buffinit(L, &b);
    luaL_addlstring(&b, parts[PART_URL].ptr, parts[PART_URL].len);
    luaL_addstring(&b, range ? "/api/v1/query_range" : "/api/v1/query");
    luaL_pushresult(&b);
    struct str url;
    url.ptr = lua_tolstring(L, -1, &url.len);
    luaL_buffinit(L, &b);
    luaL_addstring(&b, "Bearer ");
    luaL_addlstring(&b, parts[PART_TOKEN].ptr ? parts[PART_TOKEN].ptr : "", parts[PART_TOKEN].len);
    luaL_pushresult(&b);
    struct web_header headers[2] = {{str_of("Content-Type"), str_of("application/x-www-form-urlencoded")},
                                    {str_of("Authorization"), str_of(NULL)}};
    headers[1].value.ptr = lua_tolstring(L, -1, &headers[1].value.len);
    struct web_call web = {.method = "POST",
                           .url = url,
                           .headers = headers,
                           .header_count = parts[PART_TOKEN].len ? 2 : 1,
                           .body = body,
                           .user = parts[PART_USER].len ? buf_str(&parts[PART_USER]) : str_of(NULL),
                           .password = buf_str(&parts[PART_PASSWORD]),
                           .timeout_ms = (uint64_t)timeout / 1000,
                           .body_max = ANSWER_MAX,
                           .trusted = true};
    return lua_http_go(L, h, &web, k);
}

static int l_query(lua_State *L)
{
    return ask(L, "prometheus.query", false, list_k);
}

static int l_query_range(lua_State *L)
{
    return ask(L, "prometheus.query_range", true, list_k);
}

static int l_value(lua_State *L)
{
    return ask(L, "prometheus.value", false, value_k);
}

static const struct binding_function functions[] = {{"query", l_query, MAY_NOTHING},
                                                    {"query_range", l_query_range, MAY_NOTHING},
                                                    {"value", l_value, MAY_NOTHING},
                                                    {NULL, NULL, 0}};
const struct binding_module module_prometheus = {
    .name = "prometheus", .annotations = "prometheus.lua", .functions = functions};
