/* SPDX-License-Identifier: Apache-2.0 */
/* http.get, post and request (lua/types/http.lua). */
#include "binding/outside/http.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "binding/outside/outside_modules.h"
#include "binding/outside/secret.h"
#include "outside/secrets.h"
#include "policy/values/lua_json.h"
#include "record/record.h"
#include "run/lua_run.h"

#define COST_US 200 /* of CPU time, which the daemon spends on a request */

/* ---- what is shared ---- */

static void give_up(struct pending *p)
{
    web_cancel(((struct lua_http *)p)->request);
}

static void release(struct pending *p)
{
    struct lua_http *h = (struct lua_http *)p;
    buf_free(&h->body);
    buf_free(&h->headers);
    buf_free(&h->asked.url);
    buf_free(&h->asked.sent);
}

/* ---- for the run's recording ---- */

/* The server is the configuration's, whose own token opens no more than the answer: that is no secret of a script. */
static bool with_secret(const struct web_call *call)
{
    bool veiled = call->user.ptr || call->body_veiled || secret_veiled(call->url);
    for (size_t i = 0; i < call->header_count; i++)
        veiled = veiled || secret_veiled(call->headers[i].value);
    return veiled && !call->trusted;
}

static void keep_asked(struct lua_http *h, const struct run *run, const struct web_call *call)
{
    h->asked.recording = run->recording;
    if (!run->recording)
        return;
    snprintf(h->asked.method, sizeof h->asked.method, "%s", call->method);
    secret_show(&h->asked.url, call->url);
    h->asked.secret = with_secret(call);
    if (!call->body_veiled)
        buf_add_str(&h->asked.sent, call->body);
}

static void record_answer(const struct lua_http *h)
{
    struct record_web web = {
        .method = h->asked.method,
        .url = buf_str(&h->asked.url),
        .secret = h->asked.secret || h->asked.url.failed || h->asked.sent.failed,
        .status = h->status,
        .body = buf_str(&h->body),
        .headers = buf_str(&h->headers),
        .sent = buf_str(&h->asked.sent),
        .error = h->err.code ? &h->err : NULL,
    };
    recording_web(h->asked.recording, &web);
}

struct lua_http *lua_http_new(lua_State *L, const char *call)
{
    check_run(L, call);
    if (!env_of(L)->outside)
        luaL_error(L, "%s is not available here", call);
    return pending_new(L, sizeof(struct lua_http), give_up, release);
}

static void came(void *data, const struct web_answer *answer, const struct error *err)
{
    struct lua_http *h = data;
    h->request = NULL;
    if (err) {
        h->err = *err;
    } else if (h->pending.guard) {
        const char *end = answer->headers;
        while (*end)
            end += strlen(end) + 1;
        h->status = answer->status;
        buf_add_str(&h->body, answer->body);
        buf_add(&h->headers, answer->headers, (size_t)(end - answer->headers));
        buf_putc(&h->headers, '\0');
        if (h->body.failed || h->headers.failed)
            error_nomem(&h->err);
    }
    if (h->pending.guard) /* else the run has gone, and its recording with it */
        record_answer(h);
    pending_finish(&h->pending);
}

int lua_http_go(lua_State *L, struct lua_http *h, struct web_call *call, lua_KFunction k)
{
    call->policy = lua_run_of(L)->policy->name;
    call->done = came;
    call->data = h;
    script_charge(L, COST_US);
    keep_asked(h, lua_run_of(L), call);
    if (web_start(env_of(L)->outside, call, &h->request, &h->err)) {
        record_answer(h);
        return push_failure(L, &h->err);
    }
    return pending_wait(L, &h->pending, k);
}

/* ---- the answer ---- */

static char answer_mark;

static int l_json(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "body");
    lua_replace(L, 1);
    lua_settop(L, 1);
    return binding_json_decode(L);
}

static void set_meta(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &answer_mark) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, l_json);
        lua_setfield(L, -2, "json");
        lua_setfield(L, -2, "__index");
        lua_pushliteral(L, "http answer");
        lua_setfield(L, -2, "__name");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &answer_mark);
    }
    lua_setmetatable(L, -2);
}

/* By names in small letters; several of one name are joined. */
static void push_headers(lua_State *L, const struct buf *headers)
{
    const char *at = headers->ptr ? headers->ptr : "";
    lua_newtable(L);
    while (*at) {
        luaL_Buffer b;
        const char *value = at + strlen(at) + 1;
        luaL_buffinit(L, &b);
        for (const char *p = at; *p; p++)
            luaL_addchar(&b, (char)tolower((unsigned char)*p));
        luaL_pushresult(&b);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, -3) == LUA_TSTRING)
            lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), value);
        else
            lua_pushstring(L, value);
        lua_remove(L, -2);
        lua_rawset(L, -3);
        at = value + strlen(value) + 1;
    }
}

static void push_answer(lua_State *L, int status, struct str body, const struct buf *headers)
{
    lua_createtable(L, 0, 5);
    lua_pushinteger(L, status);
    lua_setfield(L, -2, "status");
    lua_pushboolean(L, status >= 200 && status < 300);
    lua_setfield(L, -2, "ok");
    lua_pushlstring(L, body.ptr ? body.ptr : "", body.len);
    lua_setfield(L, -2, "body");
    push_headers(L, headers);
    lua_setfield(L, -2, "headers");
    set_meta(L);
}

static int answer_k(lua_State *L, int status, lua_KContext ctx)
{
    struct lua_http *h = (struct lua_http *)ctx; // NOLINT(performance-no-int-to-ptr)
    int n = 1;
    (void)status;
    if (h->err.code)
        n = push_failure(L, &h->err);
    else
        push_answer(L, h->status, buf_str(&h->body), &h->headers);
    pending_over(&h->pending);
    return n;
}

/* ---- the functions ---- */

static bool reads(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "OPTIONS") == 0;
}

/* In a dry run what may change something is not sent: an answer that says so. */
static int not_sent(lua_State *L, const char *method)
{
    struct buf none = BUF_INIT;
    struct run *run = lua_run_of(L);
    run_event(run, LOG_INFO, "a request was not sent, because this is a dry run", LOG_FIELDS({"method", method}));
    push_answer(L, 0, str_of(""), &none);
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "ok");
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, "dry_run");
    return 1;
}

/* At 1 the method, at 2 the URL, at 4 the options. */
static int send_it(lua_State *L, const char *name)
{
    struct lua_http *h = lua_http_new(L, name); /* anchored at 5 */
    struct lua_http_request *r = lua_newuserdatauv(L, sizeof *r, 0);
    const char *method = lua_tostring(L, 1);
    memset(r, 0, sizeof *r);
    r->call.method = method;
    lua_http_read_options(L, r);
    if (!reads(method))
        check_may_write(L, name);
    if (!reads(method) && lua_run_of(L)->dry_run && !option_bool(L, LUA_HTTP_OPTIONS, "in_dry_run"))
        return not_sent(L, method);
    return lua_http_go(L, h, &r->call, answer_k);
}

static void set_options(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index)) {
        lua_settop(L, index - 1);
        lua_newtable(L);
    }
    lua_settop(L, index);
    check_options(L, index, lua_http_options);
}

static int l_get(lua_State *L)
{
    check_veiled(L, 1, "the URL");
    set_options(L, 2);
    lua_pushliteral(L, "GET");
    lua_insert(L, 1);
    lua_pushnil(L);
    lua_insert(L, 3);
    lua_http_read_query(L);
    return send_it(L, "http.get");
}

/* (url, body [, options]): a table is sent as JSON. */
static int l_post(lua_State *L)
{
    check_veiled(L, 1, "the URL");
    luaL_checkany(L, 2);
    set_options(L, 3);
    lua_newtable(L); /* the options of the caller stay as they are */
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 4);
    }
    lua_replace(L, 3);
    lua_pushvalue(L, 2);
    lua_setfield(L, 3, lua_istable(L, 2) ? "json" : "body");
    lua_pushliteral(L, "POST");
    lua_insert(L, 1);
    lua_http_read_query(L);
    return send_it(L, "http.post");
}

static int l_request(lua_State *L)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", NULL};
    const char *method = luaL_checkstring(L, 1);
    bool known = false;
    for (size_t i = 0; methods[i]; i++)
        known = known || strcmp(methods[i], method) == 0;
    if (!known)
        return luaL_argerror(L, 1, "GET, HEAD, OPTIONS, POST, PUT, PATCH or DELETE expected");
    check_veiled(L, 2, "the URL");
    set_options(L, 3);
    lua_pushnil(L);
    lua_insert(L, 3);
    lua_http_read_query(L);
    return send_it(L, "http.request");
}

static const struct binding_function functions[] = {
    {"get", l_get, MAY_NOTHING}, {"post", l_post, MAY_NOTHING}, {"request", l_request, MAY_NOTHING}, {NULL, NULL, 0}};
const struct binding_module module_http = {.name = "http", .annotations = "http.lua", .functions = functions};
