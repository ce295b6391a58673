/* SPDX-License-Identifier: Apache-2.0 */
/* A run's beginning and end: a coroutine of a script, from script_start to its one call of `done`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "script/parts.h"

#define STRETCH_US 35000 /* most CPU time of a slice that nothing can interrupt */
#define CLEANUP_US 20000 /* ... of the __close handlers of a run that is given up */

/* ---- the end ---- */

static void run_release(struct script_run *run)
{
    free(run->subs);
    free(run);
}

static void on_timeout_closed(struct deadline *d)
{
    struct script_run *run = d->data;
    struct script *s = run->script;
    run_release(run);
    s->open--;
    script_settle(s);
}

static void reset_thread(struct script *s, lua_State *L)
{
    if (thread_flags(L) & THREAD_DEAD) {
        thread_set(L, THREAD_DEAD);
        return;
    }
    s->current = L;
    lua_resetthread(L); /* runs __close, with the hook armed */
    lua_settop(L, 0);   /* an empty stack is what makes it dead for coroutine.resume */
    thread_set(L, 0);
}

/* Innermost first, as an error would unwind them. */
static int reset_body(lua_State *L)
{
    struct script_run *run = lua_touserdata(L, 1);
    while (run->n_subs > 0)
        reset_thread(run->script, run->subs[--run->n_subs]);
    reset_thread(run->script, run->co);
    return 0;
}

static void reset(struct script_run *run)
{
    struct script *s = run->script;
    size_t reserve = s->reserve;
    s->reserve = s->limits.memory / 8;
    run->meter.stretch_us = CLEANUP_US;
    const struct guard_who *before = guard_enter(&run->who);
    script_protected(s, reset_body, run, NULL, &run->meter, NULL);
    guard_enter(before);
    s->reserve = reserve;
}

static void forget_thread(struct script_run *run)
{
    lua_State *M = run->script->main;
    if (!(thread_flags(run->co) & THREAD_DEAD)) {
        lua_settop(run->co, 0);
        thread_set(run->co, 0);
    }
    lua_pushnil(M);
    lua_rawsetp(M, LUA_REGISTRYINDEX, run); /* replaces a value: allocates nothing */
}

void run_finish(struct script_run *run, const struct error *err)
{
    struct script *s = run->script;
    if (run->ended)
        return; /* cancelled by what its own end calls */
    run->ended = true;
    s->loading = s->loading && !run->call.loading;
    s->busy++;
    struct script_wait *wait = run->wait;
    run->wait = NULL;
    if (wait)
        wait->cancel(wait);
    run_dequeue(run);
    DL_DELETE(s->runs, run);
    if (run->has_timeout)
        deadline_stop(&run->timeout);
    if (err)
        reset(run);
    if (run->call.done)
        run->call.done(run->call.data, run, run->co, err);
    if (!s->closed)
        forget_thread(run);
    if (run->has_timeout)
        deadline_close(&run->timeout, on_timeout_closed);
    else
        run_release(run);
    s->busy--;
    script_settle(s);
}

static void on_timeout(struct deadline *d)
{
    struct script_run *run = d->data;
    struct error err;
    if (run->more_us > 0) {
        deadline_set(d, (uint64_t)((run->more_us + 999) / 1000));
        run->more_us = 0;
        return;
    }
    if (run->call.loading)
        error_set(&err, ERR_TIMEOUT, "%s: the file was not loaded within %.3g s; move work into run, replace or where",
                  run->script->name, (double)run->call.limits.timeout_us / 1e6);
    else
        error_set(&err, ERR_TIMEOUT,
                  "%s: the run did not end within its timeout of %.3g s, waiting included; raise it with limits = { "
                  "timeout = \"%.3gs\" }",
                  run->script->name, (double)run->call.limits.timeout_us / 1e6,
                  (double)run->call.limits.timeout_us / 5e5);
    run_finish(run, &err);
}

void script_cancel(struct script_run *run, const char *why)
{
    struct script *s = run->script;
    if (run->ended)
        return;
    if (run->active) { /* from within: it ends at its next instruction */
        if (run->meter.verdict == VERDICT_NONE) {
            run->meter.verdict = VERDICT_CANCEL;
            snprintf(run->why, sizeof run->why, "%s", why ? why : "on request");
        }
        script_hurry(s);
        return;
    }
    struct error err;
    error_set(&err, ERR_CANCELLED, "%s: the run was cancelled: %s", s->name, why ? why : "on request");
    run_finish(run, &err);
}

/* ---- the beginning ---- */

static int run_returned(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* The coroutine's body: (run), or (run, chunk). */
static int run_body(lua_State *L)
{
    struct script_run *run = lua_touserdata(L, 1);
    int n = 0;
    lua_remove(L, 1);
    if (lua_gettop(L) == 0)
        n = run->call.entry(L, run->call.data);
    lua_callk(L, n, LUA_MULTRET, 0, run_returned);
    return run_returned(L, LUA_OK, 0);
}

struct beginning {
    struct script_run *run;
    const struct str *source; /* of a loading run */
    bool syntax;
};

static int begin_body(lua_State *L)
{
    struct beginning *b = lua_touserdata(L, 1);
    struct script_run *run = b->run;
    if (b->source) {
        const char *chunk = lua_pushfstring(L, "@%s", run->script->name);
        int status = script_load_text(L, script_source_body(*b->source), chunk);
        b->syntax = status == LUA_ERRSYNTAX;
        if (status != LUA_OK)
            return lua_error(L);
        script_note_globals(L, run->script->name);
    }
    lua_State *co = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, run);
    lua_pushcfunction(co, run_body);
    lua_pushlightuserdata(co, run);
    run->n_args = 1;
    if (b->source) {
        lua_xmove(L, co, 1);
        run->n_args = 2;
    }
    thread_set(co, THREAD_BUSY);
    run->co = co;
    return 0;
}

static void set_limits(struct script_run *run)
{
    const struct script_limits *own = &run->script->limits;
    struct script_limits *l = &run->call.limits;
    if (!l->cpu_us)
        l->cpu_us = own->cpu_us;
    if (!l->timeout_us)
        l->timeout_us = own->timeout_us;
    l->memory = own->memory;
    run->meter =
        (struct meter){.budget_us = l->cpu_us, .started_us = -1, .stretch_us = l->cpu_us, .slice_us = l->cpu_us};
}

static void start_timeout(struct script_run *run)
{
    if (run->call.limits.timeout_us <= 0)
        return;
    deadline_init(run->script->loop, &run->timeout, on_timeout, run);
    run->has_timeout = true;
    run->script->open++;
    deadline_set(&run->timeout, (uint64_t)((run->call.limits.timeout_us + 999) / 1000));
}

static int begin(struct script *script, const struct str *source, const struct script_call *call,
                 struct script_run **out, struct error *err)
{
    if (script->doomed)
        return error_set(err, ERR_CANCELLED, "%s: the script is being unloaded", script->name);
    struct script_run *run = calloc(1, sizeof *run);
    if (!run)
        return error_nomem(err);
    run->script = script;
    run->call = *call;
    run->who = (struct guard_who){
        .policy = call->policy, .file = script->name, .hash = script->hash, .line = script_line_now, .data = run};
    set_limits(run);
    struct beginning b = {.run = run, .source = source};
    script->loading = script->loading || call->loading;
    struct error own;
    const struct guard_who *before = guard_enter(&run->who);
    int code = script_protected(script, begin_body, &b, NULL, &run->meter, &own);
    guard_enter(before);
    if (code) {
        script->loading = script->loading && !call->loading;
        free(run);
        if (code == ERR_SCRIPT && b.syntax)
            return error_set(err, ERR_SYNTAX, "%s", own.message);
        return error_set(err, code, "%s", own.message);
    }
    if (run->meter.stretch_us > STRETCH_US)
        run->meter.stretch_us = STRETCH_US;
    DL_APPEND(script->runs, run);
    start_timeout(run);
    run_enqueue(run);
    if (out)
        *out = run;
    return 0;
}

int script_start(struct script *script, const struct script_call *call, struct script_run **run, struct error *err)
{
    return begin(script, NULL, call, run, err);
}

int script_load(struct script *script, struct str source, const struct script_call *call, struct script_run **run,
                struct error *err)
{
    struct script_call loading = *call;
    loading.loading = true;
    if (source.len > SCRIPT_SOURCE_MAX)
        return error_set(err, ERR_LIMIT, "%s: the file has %zu bytes, at most %d are read", script->name, source.len,
                         SCRIPT_SOURCE_MAX);
    guard_hash(source, script->hash);
    return begin(script, &source, &loading, run, err);
}

void script_allow_time(struct script_run *run, int64_t us)
{
    run->more_us += us;
}

int64_t script_run_cpu(const struct script_run *run)
{
    return meter_total(&run->meter);
}

void *script_run_data(const struct script_run *run)
{
    return run->call.data;
}

struct script_run *script_run_of(lua_State *L)
{
    return script_of(L)->running;
}

struct script_run *script_run_next(const struct script *script, const struct script_run *run)
{
    return run ? run->next : script->runs;
}

lua_State *script_run_thread(const struct script_run *run, size_t index)
{
    if (index == 0)
        return run->co;
    return index <= run->n_subs ? run->subs[index - 1] : NULL;
}
