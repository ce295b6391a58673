/* SPDX-License-Identifier: Apache-2.0 */
/* A request of a script to a web server: what the modules that send one share. */
#ifndef MPIJOBD_BINDING_OUTSIDE_HTTP_H
#define MPIJOBD_BINDING_OUTSIDE_HTTP_H

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "outside/web.h"

struct recording;

struct lua_http {
    struct pending pending;
    struct web_request *request;
    struct error err; /* code 0: none */
    int status;
    struct buf body, headers;        /* of the answer; headers as "name\0value\0" */
    struct {                         /* what was asked, where the run is recorded */
        struct recording *recording; /* NULL: it is not */
        char method[16];
        struct buf url, sent;
        bool secret;
    } asked;
};

/* Pushes a guard, to be left on the stack. call: "http.get", for messages. Raises at the top level of a file. */
struct lua_http *lua_http_new(lua_State *L, const char *call);
/* Sends it, and returns what the C function has to return; k is called with the struct lua_http as its context. What
 * cannot be sent is nil and an error. policy, done and data of the call are filled in. */
int lua_http_go(lua_State *L, struct lua_http *h, struct web_call *call, lua_KFunction k);

/* ---- http_options.c: at index 1 the method, at 2 the URL, at 4 the table of options ---- */
#define LUA_HTTP_OPTIONS 4
extern const char *const lua_http_options[]; /* their names */
struct lua_http_request {
    struct web_call call;
    struct web_header headers[WEB_HEADERS_MAX];
};
/* The option `query` is joined to the URL. Raises. */
void lua_http_read_query(lua_State *L);
/* All others. What the request points to stays on the stack. Raises. */
void lua_http_read_options(lua_State *L, struct lua_http_request *r);

#endif
