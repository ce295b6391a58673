/* SPDX-License-Identifier: Apache-2.0 */
/* The options of http.get, post and request, read into a request. What belongs to the request stays on the stack. */
#include <lauxlib.h>
#include <strings.h>

#include "binding/outside/http.h"
#include "binding/outside/outside_modules.h"
#include "binding/outside/secret.h"

#define URL_MAX 16384

const char *const lua_http_options[] = {"headers", "query",     "body",      "json",       "bearer", "auth",
                                        "timeout", "max_bytes", "redirects", "in_dry_run", NULL};

static bool token(const char *text)
{
    return *text &&
           !text[strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static void check_header(lua_State *L, const char *name)
{
    static const char *const ours[] = {"Host",    "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "TE",
                                       "Trailer", "Expect",         "Keep-Alive",        NULL};
    if (!token(name) || strlen(name) > 256)
        luaL_error(L, "\"%s\" cannot be a header's name", name);
    for (size_t i = 0; ours[i]; i++) {
        if (strcasecmp(name, ours[i]) == 0 || strncasecmp(name, "Proxy-", 6) == 0)
            luaL_error(L, "the header %s is set by the program", name);
    }
}

static void add_header(lua_State *L, struct lua_http_request *r, const char *name, struct str value)
{
    if (r->call.header_count == WEB_HEADERS_MAX - 4)
        luaL_error(L, "a request has at most %d headers", WEB_HEADERS_MAX - 4);
    for (size_t i = 0; i < value.len; i++) {
        if ((unsigned char)value.ptr[i] < ' ' && value.ptr[i] != '\t' && value.ptr[i])
            luaL_error(L, "the header %s has a control character in its value", name);
    }
    if (!value.len)
        luaL_error(L, "the header %s has no value", name);
    r->headers[r->call.header_count++] = (struct web_header){str_of(name), value};
}

static bool has_header(const struct lua_http_request *r, const char *name)
{
    for (size_t i = 0; i < r->call.header_count; i++) {
        if (strcasecmp(r->headers[i].name.ptr, name) == 0)
            return true;
    }
    return false;
}

static void read_headers(lua_State *L, struct lua_http_request *r)
{
    if (lua_getfield(L, LUA_HTTP_OPTIONS, "headers") == LUA_TNIL)
        return;
    if (!lua_istable(L, -1))
        luaL_error(L, "option headers has to be a table of names and values");
    int table = lua_gettop(L);
    lua_newtable(L); /* what the texts belong to */
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "option headers has to be a table of names and values");
        const char *name = lua_tostring(L, -2);
        check_header(L, name);
        add_header(L, r, name, check_veiled(L, -1, "a header's value"));
        lua_rawseti(L, table + 1, (lua_Integer)r->call.header_count); /* a number has become a string here */
    }
}

static void percent(luaL_Buffer *b, const char *text, size_t len)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c && strchr(plain, c)) {
            luaL_addchar(b, (char)c);
        } else {
            luaL_addchar(b, '%');
            luaL_addchar(b, digits[c >> 4]);
            luaL_addchar(b, digits[c & 15]);
        }
    }
}

/* The URL is at index 2; the query is joined to it there. */
void lua_http_read_query(lua_State *L)
{
    if (lua_getfield(L, LUA_HTTP_OPTIONS, "query") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (!lua_istable(L, -1))
        luaL_error(L, "option query has to be a table of names and values");
    int table = lua_gettop(L);
    if (is_secret(L, 2))
        luaL_error(L, "option query does not go with a URL that holds a secret; write it into the URL");
    bool first = !strchr(lua_tostring(L, 2), '?');
    luaL_Buffer b;
    lua_newtable(L); /* the names, sorted, so that a request is the same each time */
    lua_Integer n = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -2) != LUA_TSTRING || (lua_type(L, -1) != LUA_TSTRING && lua_type(L, -1) != LUA_TNUMBER))
            luaL_error(L, "option query has to be a table of names with strings or numbers");
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_rawseti(L, table + 1, ++n);
        if (n > 64)
            luaL_error(L, "option query has at most 64 names");
    }
    for (lua_Integer i = 2; i <= n; i++) { /* at most 64 of them */
        for (lua_Integer k = i; k > 1; k--) {
            lua_rawgeti(L, table + 1, k - 1);
            lua_rawgeti(L, table + 1, k);
            bool good = strcmp(lua_tostring(L, -2), lua_tostring(L, -1)) <= 0;
            lua_rawseti(L, table + 1, good ? k : k - 1);
            lua_rawseti(L, table + 1, good ? k - 1 : k);
            if (good)
                break;
        }
    }
    lua_pushvalue(L, 2);
    for (lua_Integer i = 1; i <= n; i++) {
        size_t len;
        lua_rawgeti(L, table + 1, i);
        lua_pushvalue(L, -1);
        lua_gettable(L, table);
        const char *name = lua_tostring(L, -2), *value = luaL_tolstring(L, -1, &len);
        script_work(L, len * 4);
        luaL_buffinit(L, &b);
        luaL_addchar(&b, i > 1 || !first ? '&' : '?');
        percent(&b, name, strlen(name));
        luaL_addchar(&b, '=');
        percent(&b, value, len);
        luaL_pushresult(&b);
        lua_replace(L, -4);
        lua_pop(L, 2);
        lua_concat(L, 2);
    }
    lua_replace(L, 2);
    lua_settop(L, LUA_HTTP_OPTIONS);
}

static void read_body(lua_State *L, struct lua_http_request *r)
{
    struct web_call *call = &r->call;
    bool text = lua_getfield(L, LUA_HTTP_OPTIONS, "body") != LUA_TNIL;
    bool json = lua_getfield(L, LUA_HTTP_OPTIONS, "json") != LUA_TNIL;
    if (text && json)
        luaL_error(L, "give body or json, not both");
    if (json) {
        lua_pushcfunction(L, binding_json_encode);
        lua_insert(L, -2);
        lua_call(L, 1, 1);
        call->body.ptr = lua_tolstring(L, -1, &call->body.len);
        if (!has_header(r, "Content-Type"))
            add_header(L, r, "Content-Type", str_of("application/json"));
        return;
    }
    lua_pop(L, 1);
    if (!text)
        return;
    call->body_veiled = is_secret(L, -1);
    if (call->body_veiled)
        call->body = check_veiled(L, -1, "body");
    else if (lua_type(L, -1) == LUA_TSTRING)
        call->body.ptr = lua_tolstring(L, -1, &call->body.len);
    else
        luaL_error(L, "option body has to be a string or a secret; a table is given as json");
    if (!has_header(r, "Content-Type"))
        add_header(L, r, "Content-Type", str_of("text/plain; charset=utf-8"));
}

static void read_auth(lua_State *L, struct lua_http_request *r)
{
    static const char *const names[] = {"user", "password", NULL};
    if (lua_getfield(L, LUA_HTTP_OPTIONS, "auth") == LUA_TNIL) {
        lua_pop(L, 1);
    } else {
        check_options(L, lua_gettop(L), names);
        lua_getfield(L, -1, "user");
        lua_getfield(L, -2, "password");
        r->call.user = check_veiled(L, -2, "auth.user");
        r->call.password = check_veiled(L, -1, "auth.password");
    }
    if (lua_getfield(L, LUA_HTTP_OPTIONS, "bearer") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    if (r->call.user.ptr || has_header(r, "Authorization"))
        luaL_error(L, "give one of bearer, auth and the header Authorization");
    struct str token = check_veiled(L, -1, "option bearer");
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addstring(&b, "Bearer ");
    luaL_addlstring(&b, token.ptr, token.len);
    luaL_pushresult(&b);
    struct str value;
    value.ptr = lua_tolstring(L, -1, &value.len); /* veiled as the token is */
    add_header(L, r, "Authorization", value);
}

void lua_http_read_options(lua_State *L, struct lua_http_request *r)
{
    r->call.headers = r->headers;
    r->call.timeout_ms = (uint64_t)option_duration(L, LUA_HTTP_OPTIONS, "timeout", 0) / 1000;
    r->call.body_max = (size_t)option_whole(L, LUA_HTTP_OPTIONS, "max_bytes", 1, SCRIPT_STRING_MAX, 0);
    if (r->call.timeout_ms > WEB_TIMEOUT_MAX_MS)
        luaL_error(L, "option timeout has to be at most 5m");
    lua_getfield(L, LUA_HTTP_OPTIONS, "redirects");
    r->call.no_redirects = lua_isboolean(L, -1) && !lua_toboolean(L, -1);
    lua_pop(L, 1);
    read_headers(L, r);
    read_body(L, r);
    read_auth(L, r);
    r->call.url = check_veiled(L, 2, "the URL");
    if (r->call.url.len > URL_MAX)
        luaL_error(L, "the URL is longer than %d bytes", URL_MAX);
}
