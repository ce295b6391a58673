/* SPDX-License-Identifier: Apache-2.0 */
/* A run's slices: when it is resumed, for how long, and what it waits for.
 *
 * A run is queued, to be resumed at the loop's next turn, or waits (script_wait), or is being resumed. A script resumes
 * its runs from an idle handle: the loop does not sleep while a run is queued, and everything else on the loop has its
 * turn between two slices. */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "script/parts.h"

/* ---- the queue ---- */

void run_enqueue(struct script_run *run)
{
    struct script *s = run->script;
    if (run->queued || run->active || run->ended)
        return;
    DL_APPEND2(s->queue, run, qprev, qnext);
    run->queued = true;
    turns_join(s);
}

void run_dequeue(struct script_run *run)
{
    if (!run->queued)
        return;
    DL_DELETE2(run->script->queue, run, qprev, qnext);
    run->queued = false;
}

bool script_computing(const struct script *script)
{
    return script->queue != NULL;
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

#define NO_MEMORY "not enough memory" /* Lua's words for it */

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
    script_blame(L, co);
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
        const struct guard_who *before = guard_enter(&run->who);
        int failed = script_protected(s, render_body, &r, NULL, m, &ignored);
        guard_enter(before);
        if (failed) {
            char where[sizeof m->where];
            script_where(run->co, where, sizeof where);
            snprintf(r.text, sizeof r.text, "%s: (the error object cannot be shown)", where);
        }
        s->reserve = reserve;
        error_set(err, ERR_SCRIPT, "%s", r.text);
        if (str_ends(str_of(r.text), NO_MEMORY)) { /* caught, and raised again by the script */
            char where[sizeof m->where];
            snprintf(where, sizeof where, "%.*s", (int)(strlen(r.text) - strlen(NO_MEMORY)), r.text);
            size_t n = strlen(where);
            if (n > 2 && strcmp(where + n - 2, ": ") == 0)
                where[n - 2] = '\0';
            else
                script_where(run->co, where, sizeof where);
            script_memory_error(s, where, err);
        }
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
    const struct guard_who *before = guard_enter(&run->who);
    int code = script_protected(s, resume_body, &slice, run, &run->meter, &err);
    guard_enter(before);
    run->active = false;
    bool failed = slice.status != LUA_OK && slice.status != LUA_YIELD;
    if (code) { /* thrown past lua_resume: the thread is not to be touched again */
        thread_set(run->co, THREAD_DEAD);
        run->n_subs = 0;
        run_finish(run, &err);
    } else if (failed || run->meter.verdict != VERDICT_NONE) {
        explain(run, slice.status, &err);
        if (s->observer && s->observer->failed)
            s->observer->failed(s->observer->data, run, &err);
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

int64_t script_slice(struct script *s, int64_t us)
{
    unsigned waiting = 0;
    int64_t left = us;
    struct script_run *run;
    DL_COUNT2(s->queue, run, waiting, qnext);
    for (; waiting > 0 && s->queue && left > 0; waiting--) {
        int64_t began = script_cpu_now();
        run = s->queue;
        run_dequeue(run);
        step(run, left);
        left -= script_cpu_now() - began;
    }
    return us - left;
}

/* ---- waiting ---- */

/* Comes before the binding's continuation: until this is called, the end of the run cancels the wait. */
static int wait_over(lua_State *L, int status, lua_KContext ctx)
{
    struct script_wait *wait = (struct script_wait *)ctx; // NOLINT(performance-no-int-to-ptr)
    wait->run->wait = NULL;
    return wait->k(L, status, wait->ctx);
}

int script_wait(lua_State *L, struct script_wait *wait, lua_KFunction k, lua_KContext ctx)
{
    struct script *s = script_of(L);
    struct script_run *run = s->running;
    const char *refused = NULL;
    if (!run)
        refused = "this call waits for an answer, and nothing can wait outside of a run, as in a debugger's expression";
    else if (run->call.loading && !wait->while_loading)
        refused = "this call waits for an answer: while the file is being loaded nothing can wait; call it from `run`, "
                  "`replace` or another function of the policy";
    else if (run->meter.verdict != VERDICT_NONE)
        refused = "the run is being ended";
    else if (!script_can_yield(L))
        refused = "this call waits for an answer, which is not possible here: in __tostring or another function that C "
                  "code calls back; call it outside and use its result";
    if (refused) {
        wait->cancel(wait);
        return luaL_error(L, "%s", refused);
    }
    wait->run = run;
    wait->k = k;
    wait->ctx = ctx;
    run->wait = wait;
    s->host_yield = true;
    return lua_yieldk(L, 0, (lua_KContext)wait, wait_over);
}

void script_wake(struct script_wait *wait)
{
    wait->woken = true;
    if (wait->run && wait->run->wait == wait)
        run_enqueue(wait->run);
}
