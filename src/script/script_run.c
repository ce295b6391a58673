/* Runs: a coroutine of a script from its start to its `done`.
 *
 * A run is queued (to be resumed at the loop's next turn), waiting (script_wait), or being resumed. A script resumes
 * its runs from an idle handle: the loop does not sleep while there is one to resume, and everything else on the loop
 * has its turn between two slices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "script/state.h"

#define STRETCH_US 100000 /* most CPU time of a slice that nothing can interrupt */
#define CLEANUP_US 20000  /* ... of the __close handlers of a run that is given up */
#define LATE_MS 10        /* a turn of the loop that took so long already leaves only ... */
#define LATE_SLICE_US 200

static void on_idle(uv_idle_t *idle);

void run_enqueue(struct script_run *run)
{
    struct script *s = run->script;
    if (run->queued || run->active || run->ended)
        return;
    DL_APPEND2(s->queue, run, qprev, qnext);
    run->queued = true;
    uv_idle_start(&s->idle, on_idle);
}

static void dequeue(struct script_run *run)
{
    if (!run->queued)
        return;
    DL_DELETE2(run->script->queue, run, qprev, qnext);
    run->queued = false;
}

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
    script_protected(s, reset_body, run, NULL, &run->meter, NULL);
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
    s->busy++;
    struct script_wait *wait = run->wait;
    run->wait = NULL;
    if (wait)
        wait->cancel(wait);
    dequeue(run);
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
    error_set(&err, ERR_TIMEOUT,
              "%s: the run did not end within its timeout of %.3g s, waiting included; raise it with limits = { "
              "timeout = \"%.3gs\" }",
              run->script->name, (double)run->call.limits.timeout_us / 1e6, (double)run->call.limits.timeout_us / 5e5);
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

/* ---- a slice ---- */

struct slice {
    struct script_run *run;
    int status;
};

static int resume_body(lua_State *L)
{
    struct slice *slice = lua_touserdata(L, 1);
    struct script_run *run = slice->run;
    int results;
    int n_args = run->n_args;
    run->n_args = 0;
    run->script->current = run->co;
    slice->status = lua_resume(run->co, L, n_args, &results);
    run->script->current = L;
    return 0;
}

struct rendering {
    struct script_run *run;
    char text[ERROR_MESSAGE_MAX / 2];
};

static int render_body(lua_State *L)
{
    struct rendering *r = lua_touserdata(L, 1);
    lua_State *co = r->run->co;
    char *out = r->text;
    size_t room = sizeof r->text;
    if (!lua_checkstack(co, 1) || lua_gettop(co) < 1)
        return 0;
    if (lua_type(co, -1) != LUA_TSTRING) { /* no text with a place in it */
        script_where(co, out, room - 2);
        size_t len = strlen(out);
        memcpy(out + len, ": ", 3);
        out += len + 2;
        room -= len + 2;
    }
    lua_pushvalue(co, -1);
    lua_xmove(co, L, 1);
    script_render_value(L, out, room);
    return 0;
}

/* The run's error, in words. */
static void explain(struct script_run *run, int status, struct error *err)
{
    struct script *s = run->script;
    struct meter *m = &run->meter;
    if (m->verdict == VERDICT_CANCEL) {
        error_set(err, ERR_CANCELLED, "%s: the run was cancelled: %s", s->name, run->why);
        return;
    }
    if (m->verdict != VERDICT_NONE) {
        script_limit_error(s, m, err);
    } else if (status == LUA_ERRMEM) {
        char where[sizeof m->where];
        script_where(run->co, where, sizeof where);
        script_memory_error(s, where, err);
    } else {
        struct rendering r = {.run = run};
        struct error ignored;
        size_t reserve = s->reserve;
        s->reserve = s->limits.memory / 8;
        if (script_protected(s, render_body, &r, NULL, m, &ignored) != 0) {
            char where[sizeof m->where];
            script_where(run->co, where, sizeof where);
            snprintf(r.text, sizeof r.text, "%s: (the error object cannot be shown)", where);
        }
        s->reserve = reserve;
        error_set(err, ERR_SCRIPT, "%s", r.text);
    }
    script_add_trace(run, err);
}

static void step(struct script_run *run, int64_t slice_us)
{
    struct script *s = run->script;
    struct slice slice = {.run = run};
    struct error err;
    run->meter.slice_us = slice_us;
    s->host_yield = s->slice_over = false;
    run->active = true;
    int code = script_protected(s, resume_body, &slice, run, &run->meter, &err);
    run->active = false;
    bool failed = slice.status != LUA_OK && slice.status != LUA_YIELD;
    if (code) { /* thrown past lua_resume: the thread is not to be touched again */
        thread_set(run->co, THREAD_DEAD);
        run->n_subs = 0;
        run_finish(run, &err);
    } else if (failed || run->meter.verdict != VERDICT_NONE) {
        explain(run, slice.status, &err);
        if (failed && run->meter.verdict != VERDICT_NONE)
            thread_set(run->co, THREAD_DEAD);
        run_finish(run, &err);
    } else if (slice.status == LUA_OK) {
        run_finish(run, NULL);
    } else if (!s->host_yield) {
        error_set(&err, ERR_SCRIPT, "%s: a function of the host yielded without script_wait", s->name);
        run_finish(run, &err);
    } else if (!run->wait || run->wait->woken) {
        run_enqueue(run);
    }
}

static int64_t turn_us(const struct script *s)
{
    uint64_t late = uv_hrtime() / 1000000;
    late = late > uv_now(s->loop) ? late - uv_now(s->loop) : 0;
    return late < LATE_MS ? SCRIPT_SLICE_US : LATE_SLICE_US; /* many busy scripts share a turn */
}

static void on_idle(uv_idle_t *idle)
{
    struct script *s = idle->data;
    s->busy++;
    unsigned waiting = 0;
    struct script_run *run;
    DL_COUNT2(s->queue, run, waiting, qnext);
    for (int64_t left = turn_us(s); waiting > 0 && s->queue && left > 0; waiting--) {
        int64_t began = script_cpu_now();
        run = s->queue;
        dequeue(run);
        step(run, left);
        left -= script_cpu_now() - began;
    }
    if (!s->closed && !s->queue)
        uv_idle_stop(idle);
    s->busy--;
    script_settle(s);
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
    set_limits(run);
    struct beginning b = {.run = run, .source = source};
    struct error own;
    int code = script_protected(script, begin_body, &b, NULL, &run->meter, &own);
    if (code) {
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
    return begin(script, &source, &loading, run, err);
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
