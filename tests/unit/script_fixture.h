/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the script floor share: a loop, scripts on it, and runs whose end is remembered. */
#ifndef MPIJOBD_TESTS_SCRIPT_FIXTURE_H
#define MPIJOBD_TESTS_SCRIPT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <uv.h>

#include "script/script.h"

struct fixture {
    long host[64]; /* zeros: what bindings take for a file that is loaded */
    uv_loop_t loop;
    struct script *script;
};

struct ending {
    int calls;
    int code; /* of the error; 0: it returned */
    char message[ERROR_MESSAGE_MAX];
    char result[512]; /* its first result as text */
    struct script_run *run;
    const char *call;              /* the global function to call */
    void (*then)(struct ending *); /* called by done */
    void *data;
};

static inline void ending_done(void *data, struct script_run *run, lua_State *L, const struct error *err)
{
    struct ending *e = data;
    assert_ptr_equal(script_run_data(run), e);
    e->calls++;
    e->code = err ? err->code : 0;
    snprintf(e->message, sizeof e->message, "%s", err ? err->message : "");
    e->result[0] = 0;
    if (!err && lua_gettop(L) > 0) {
        if (lua_type(L, 1) == LUA_TSTRING || lua_type(L, 1) == LUA_TNUMBER)
            snprintf(e->result, sizeof e->result, "%s", lua_tostring(L, 1));
        else if (lua_isboolean(L, 1))
            snprintf(e->result, sizeof e->result, "%s", lua_toboolean(L, 1) ? "true" : "false");
        else
            snprintf(e->result, sizeof e->result, "%s", luaL_typename(L, 1));
    }
    e->run = NULL;
    if (e->then)
        e->then(e);
}

static inline int ending_entry(lua_State *L, void *data)
{
    struct ending *e = data;
    if (lua_getglobal(L, e->call) != LUA_TFUNCTION)
        return luaL_error(L, "there is no function %s", e->call);
    return 0;
}

static inline struct script *fixture_script(struct fixture *f, const struct script_limits *limits)
{
    struct error err;
    struct script *s;
    if (script_new(&f->loop, "t.lua", limits, f->host, &s, &err) != 0)
        fail_msg("%s", err.message);
    return s;
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    uv_loop_init(&f->loop);
    f->script = fixture_script(f, NULL);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    script_free(f->script);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&f->loop);
    free(f);
    return rc;
}

/* Starts the text as a script's file; its end goes to *e. */
static inline int begin_text(struct script *s, struct ending *e, const char *text, struct error *err)
{
    struct script_call call = {.done = ending_done, .data = e};
    return script_load(s, str_of(text), &call, &e->run, err);
}

/* Loads the text and runs the loop until that is over. */
static inline void load_text(struct fixture *f, struct script *s, struct ending *e, const char *text)
{
    struct error err;
    memset(e, 0, sizeof *e);
    if (begin_text(s, e, text, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(e->calls, 0);
    while (!e->calls)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(e->calls, 1);
}

static inline void begin_call(struct script *s, struct ending *e, const char *function)
{
    struct error err;
    e->call = function;
    struct script_call call = {.entry = ending_entry, .done = ending_done, .data = e};
    if (script_start(s, &call, &e->run, &err) != 0)
        fail_msg("%s", err.message);
    assert_int_equal(e->calls, 0);
}

static inline void wait_for(struct fixture *f, struct ending *e)
{
    while (!e->calls)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(e->calls, 1);
}

/* Calls a global function and runs the loop until that is over. */
static inline void call_global(struct fixture *f, struct script *s, struct ending *e, const char *function)
{
    memset(e, 0, sizeof *e);
    begin_call(s, e, function);
    wait_for(f, e);
}

/* The text as the body of a function, called as a run of its own; its first result as text, or the error's message. */
static inline const char *run_text(struct fixture *f, struct ending *e, const char *body)
{
    char *text = malloc(strlen(body) + 64);
    sprintf(text, "function main() %s\nend", body);
    load_text(f, f->script, e, text);
    free(text);
    if (e->code)
        fail_msg("%s", e->message);
    call_global(f, f->script, e, "main");
    return e->code ? e->message : e->result;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

static inline void assert_returns(struct fixture *f, const char *body, const char *result)
{
    struct ending e;
    const char *got = run_text(f, &e, body);
    if (e.code || strcmp(got, result) != 0)
        fail_msg("%s\n  gives %s\n  not   %s", body, got, result);
}

static inline void assert_raises(struct fixture *f, const char *body, int code, const char *part)
{
    struct ending e;
    run_text(f, &e, body);
    if (e.code != code)
        fail_msg("%s\n  ends with %d: %s%s", body, e.code, e.message, e.result);
    assert_contains(e.message, part);
}

/* ---- a call that waits: wait_for_it(value) returns what is given when it is woken ---- */

struct pending {
    struct script_wait wait;
    struct pending *next;
    int value;
    bool cancelled, resumed;
};

/* All of a test's; freed by pending_free. */
struct pendings {
    struct pending *first;
    int n, cancelled, resumed;
    bool at_once; /* woken before script_wait is called */
};

static inline void pending_cancel(struct script_wait *wait)
{
    struct pending *p = (struct pending *)wait;
    assert_false(p->cancelled || p->resumed);
    p->cancelled = true;
}

static inline int pending_done(lua_State *L, int status, lua_KContext ctx)
{
    struct pending *p = (struct pending *)ctx;
    assert_int_equal(status, LUA_YIELD);
    assert_false(p->cancelled || p->resumed);
    p->resumed = true;
    lua_pushinteger(L, p->value);
    lua_pushliteral(L, "second");
    return 2;
}

static inline int l_wait(lua_State *L)
{
    struct pendings *all = lua_touserdata(L, lua_upvalueindex(1));
    struct pending *p = calloc(1, sizeof *p);
    p->value = (int)luaL_checkinteger(L, 1);
    p->wait.cancel = pending_cancel;
    p->next = all->first;
    all->first = p;
    all->n++;
    if (all->at_once)
        script_wake(&p->wait);
    return script_wait(L, &p->wait, pending_done, (lua_KContext)p);
}

static inline int register_wait(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, l_wait, 1);
    lua_setglobal(L, "wait");
    return 0;
}

static inline void pending_register(struct script *s, struct pendings *all)
{
    struct error err;
    memset(all, 0, sizeof *all);
    assert_int_equal(script_protect(s, register_wait, all, &err), 0);
}

/* Turns the loop until nothing is left to do at once. */
static inline void turn(struct fixture *f)
{
    while (uv_run(&f->loop, UV_RUN_NOWAIT) && uv_backend_timeout(&f->loop) == 0) {
    }
}

/* Wakes the newest that neither was cancelled nor went on. */
static inline bool pending_wake(struct pendings *all)
{
    for (struct pending *p = all->first; p; p = p->next)
        if (!p->cancelled && !p->resumed && !p->wait.woken) {
            script_wake(&p->wait);
            return true;
        }
    return false;
}

static inline int pending_free(struct pendings *all)
{
    int open = 0;
    struct pending *next;
    for (struct pending *p = all->first; p; p = next) {
        next = p->next;
        open += !p->cancelled && !p->resumed;
        free(p);
    }
    all->first = NULL;
    return open;
}

#endif
