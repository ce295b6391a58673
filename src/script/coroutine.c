/* SPDX-License-Identifier: Apache-2.0 */
/* The coroutine library for scripts. The host yields when a slice is over or a call waits. Lua's own library would hand
 * such a yield to the script that resumed the coroutine; this one passes it up through all resumers to the host, and
 * goes down again when the run goes on. */
#include <stdlib.h>

#include "script/parts.h"

#define RESUME_UNITS 200
#define CLOSES_MAX 8 /* nested: each may go 200 calls deep on the C stack, where Lua counts from the start again */

enum { BY_RESUME, BY_WRAP };

static lua_State *check_thread(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

enum state { RUNNING, NORMAL, SUSPENDED, DEAD };

static enum state state_of(lua_State *L, lua_State *co)
{
    lua_Debug ar;
    if (L == co)
        return RUNNING;
    if (thread_flags(co) & THREAD_DEAD)
        return DEAD;
    if (thread_flags(co) & THREAD_BUSY) /* in this run, or in another that waits meanwhile */
        return NORMAL;
    switch (lua_status(co)) {
    case LUA_YIELD:
        return SUSPENDED;
    case LUA_OK:
        if (lua_getstack(co, 0, &ar))
            return NORMAL;
        return lua_gettop(co) ? SUSPENDED : DEAD; /* has its function still to call, or has returned */
    default:
        return DEAD;
    }
}

/* ---- resume ---- */

static void push_sub(lua_State *L, struct script_run *run, lua_State *co)
{
    if (run->n_subs == run->cap_subs) {
        size_t cap = run->cap_subs ? 2 * run->cap_subs : 8;
        lua_State **subs = realloc(run->subs, cap * sizeof *subs); // NOLINT(bugprone-sizeof-expression)
        if (!subs) {
            run->script->exhausted = true;
            lua_pushliteral(L, "not enough memory"); /* Lua's own text: it makes LUA_ERRMEM of it */
            lua_error(L);
            return;
        }
        run->subs = subs;
        run->cap_subs = cap;
    }
    run->subs[run->n_subs++] = co;
}

/* Hands the message on L's top to the script. */
static int failed(lua_State *L, int kind)
{
    if (kind == BY_RESUME) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_pushvalue(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/* Ends a coroutine that is not running: its __close handlers run below L, where nothing can yield. Lua's status; the
 * error, if any, is on co's top. Does not return where the run is over its limits. */
static int reset_sub(lua_State *L, lua_State *co)
{
    struct script *s = script_of(L);
    if (s->closes == CLOSES_MAX)
        return luaL_error(L, "coroutines that close one another are nested more than %d deep", CLOSES_MAX);
    script_work(L, RESUME_UNITS);
    s->current = co;
    s->blocked++;
    s->closes++;
    int status = lua_resetthread(co);
    s->closes--;
    s->blocked--;
    s->current = L;
    if (s->meter && s->meter->verdict != VERDICT_NONE)
        script_die(L);
    return status;
}

/* co ended with an error, which is on its top. */
static int sub_failed(lua_State *L, lua_State *co, int kind)
{
    int status = lua_status(co);
    if (lua_checkstack(co, 3))
        script_blame(co, co);
    if (kind == BY_WRAP) /* the script has no coroutine to close later; a __close handler may replace the error */
        status = reset_sub(L, co);
    lua_xmove(co, L, 1);
    if (status == LUA_ERRMEM && kind == BY_WRAP)
        return lua_error(L);
    return failed(L, kind);
}

static int resume_over(lua_State *L, int status, lua_KContext kind);

/* Runs co until it returns, yields to the script, fails, or the host wants its turn. */
static int run_sub(lua_State *L, lua_State *co, int n_args, int kind)
{
    struct script *s = script_of(L);
    struct script_run *run = s->running;
    bool passes = lua_isyieldable(L);
    int n_results;
    s->current = co;
    s->blocked += !passes;
    int status = lua_resume(co, L, n_args, &n_results);
    s->blocked -= !passes;
    s->current = L;
    if (status == LUA_YIELD && s->host_yield)
        return lua_yieldk(L, 0, kind, resume_over);
    run->n_subs--;
    thread_set(co, 0);
    if (run->meter.verdict != VERDICT_NONE) {
        if (status != LUA_OK && status != LUA_YIELD)
            thread_set(co, THREAD_DEAD);
        return script_die(L);
    }
    if (status != LUA_OK && status != LUA_YIELD)
        return sub_failed(L, co, kind);
    if (!lua_checkstack(L, n_results + 1)) {
        lua_pop(co, n_results);
        lua_pushliteral(L, "too many results to resume");
        return failed(L, kind);
    }
    if (kind == BY_RESUME)
        lua_pushboolean(L, 1);
    lua_xmove(co, L, n_results);
    return n_results + (kind == BY_RESUME);
}

static lua_State *sub_of(lua_State *L, int kind)
{
    return lua_tothread(L, kind == BY_WRAP ? lua_upvalueindex(1) : 1);
}

static int resume_over(lua_State *L, int status, lua_KContext kind)
{
    (void)status;
    return run_sub(L, sub_of(L, (int)kind), 0, (int)kind);
}

static int resume(lua_State *L, lua_State *co, int n_args, int kind)
{
    struct script *s = script_of(L);
    enum state state = state_of(L, co);
    if (!s->running)
        return luaL_error(L, "coroutines run within a run only");
    if (state != SUSPENDED) {
        lua_pushstring(L, state == DEAD ? "cannot resume dead coroutine" : "cannot resume non-suspended coroutine");
        return failed(L, kind);
    }
    if (!lua_checkstack(co, n_args)) {
        lua_pushliteral(L, "too many arguments to resume");
        return failed(L, kind);
    }
    script_work(L, RESUME_UNITS);
    push_sub(L, s->running, co);
    thread_set(co, THREAD_BUSY);
    lua_xmove(L, co, n_args);
    script_hook_arm(co, lua_gethookcount(L));
    return run_sub(L, co, n_args, kind);
}

static int co_resume(lua_State *L)
{
    lua_State *co = check_thread(L);
    return resume(L, co, lua_gettop(L) - 1, BY_RESUME);
}

static int wrapped(lua_State *L)
{
    return resume(L, sub_of(L, BY_WRAP), lua_gettop(L), BY_WRAP);
}

/* ---- the rest ---- */

static int co_create(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

static int co_wrap(lua_State *L)
{
    co_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static bool is_base(lua_State *L)
{
    const struct script *s = script_of(L);
    return L == s->main || (s->running && L == s->running->co);
}

static int co_yield (lua_State *L)
{
    if (is_base(L))
        return luaL_error(L, "attempt to yield from outside a coroutine");
    script_of(L)->host_yield = false;
    return lua_yield(L, lua_gettop(L));
}

static int co_status(lua_State *L)
{
    static const char *const names[] = {"running", "normal", "suspended", "dead"};
    lua_pushstring(L, names[state_of(L, check_thread(L))]);
    return 1;
}

static int co_isyieldable(lua_State *L)
{
    lua_State *co = lua_isnone(L, 1) ? L : check_thread(L);
    lua_pushboolean(L, !is_base(co) && lua_isyieldable(co));
    return 1;
}

static int co_running(lua_State *L)
{
    lua_pushthread(L);
    lua_pushboolean(L, is_base(L));
    return 2;
}

static int co_close(lua_State *L)
{
    static const char *const names[] = {"running", "normal"};
    lua_State *co = check_thread(L);
    enum state state = state_of(L, co);
    if (state == RUNNING || state == NORMAL)
        return luaL_error(L, "cannot close a %s coroutine", names[state]);
    if (thread_flags(co) & THREAD_DEAD) {
        lua_pushboolean(L, 1);
        return 1;
    }
    int status = reset_sub(L, co);
    if (status == LUA_OK) {
        lua_settop(co, 0);
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    return 2;
}

int script_open_coroutine(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"create", co_create},   {"resume", co_resume}, {"wrap", co_wrap},
        {"yield", co_yield },    {"status", co_status}, {"isyieldable", co_isyieldable},
        {"running", co_running}, {"close", co_close},   {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
