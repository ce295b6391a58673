/* SPDX-License-Identifier: Apache-2.0 */
/* Where it stops: breakpoints, steps, a pause, errors. While it is stopped the client is served from within the hook,
 * on top of the script that runs: the loop does not turn, its timers and the budgets stand still, and so the test's
 * clock does. */
#include <lauxlib.h>
#include <string.h>

#include "cli/debug/parts.h"

#define LOOK_NS 2000000
#define OVER_TEXT "the run is over its limits" /* what the script floor raises to end a run */

/* ---- stopped ---- */

static void serve(void *data)
{
    struct debugger *d = data;
    event_begin(d, "stopped");
    json_write_key(&d->w, "reason");
    json_write_string(&d->w, d->stop.reason);
    json_write_key(&d->w, "threadId");
    json_write_int(&d->w, thread_of(d, d->stop.script, d->stop.run));
    json_write_key(&d->w, "allThreadsStopped");
    json_write_bool(&d->w, true);
    if (d->stop.text) {
        json_write_key(&d->w, "description");
        json_write_string(&d->w, "Stopped at an error");
        json_write_key(&d->w, "text");
        json_write_string(&d->w, d->stop.text);
    }
    if (d->stop.breakpoint) {
        json_write_key(&d->w, "hitBreakpointIds");
        json_write_array(&d->w);
        json_write_int(&d->w, d->stop.breakpoint);
        json_write_end(&d->w);
    }
    message_end(d);
    d->resume = false;
    while (!d->resume && !d->over && serve_one(d, true)) {
    }
    forget_stop(d);
}

static void stop(struct debugger *d, lua_State *L, struct script_run *run, const char *reason, const char *text,
                 int breakpoint)
{
    struct held_timers *held = timers_hold(d->loop);
    d->step.mode = STEP_NONE;
    d->pausing = d->entry = false;
    d->stop.script = script_of(L);
    d->stop.run = run;
    d->stop.L = L;
    d->stop.reason = reason;
    d->stop.text = text;
    d->stop.breakpoint = breakpoint;
    d->stopped = true;
    d->serial++;
    d->busy++;
    script_aside(d->stop.script, serve, d);
    d->busy--;
    d->stopped = false;
    timers_go_on(d->loop, held);
}

/* ---- lines ---- */

static void look_at_client(struct debugger *d)
{
    if (++d->lines < LINES_BETWEEN_LOOKS)
        return;
    d->lines = 0;
    uint64_t now = uv_hrtime();
    if (now - d->looked < LOOK_NS)
        return;
    d->looked = now;
    d->busy++;
    while (serve_one(d, false)) {
    }
    d->busy--;
}

static bool authors(struct debugger *d, lua_State *L, lua_Debug *ar)
{
    lua_getinfo(L, "S", ar);
    const struct debug_source *source = source_of(d, ar->source);
    return source && source->path;
}

/* The run in which the step began has ended. */
static bool step_ended(const struct debugger *d)
{
    for (size_t i = 0; i < d->script_count; i++) {
        if (d->scripts[i] != d->step.script)
            continue;
        struct script_run *run = NULL;
        while ((run = script_run_next(d->step.script, run)) && run != d->step.run) {
        }
        return !run;
    }
    return true;
}

/* Looks no deeper than the calls that there were when the step began: who steps over a deep recursion does not pay for
 * its depth at each line. */
static bool stepped(struct debugger *d, lua_State *L)
{
    lua_Debug ar;
    lua_State *in;
    struct script_run *run = script_run_of(L);
    if (d->step.mode == STEP_IN)
        return true;
    if (script_of(L) != d->step.script || run != d->step.run)
        return step_ended(d); /* back in what waited for it */
    if (L == d->step.L) {
        bool deeper = lua_getstack(L, d->step.depth, &ar);
        bool less = !lua_getstack(L, d->step.depth - 1, &ar);
        return less || (!deeper && d->step.mode == STEP_OVER);
    }
    for (size_t i = 0; run && (in = script_run_thread(run, i)); i++) {
        if (in == d->step.L)
            return false; /* in a coroutine that it has resumed */
    }
    return true; /* its coroutine has yielded, or ended */
}

void on_line(void *debugger, lua_State *L, lua_Debug *ar)
{
    struct debugger *d = debugger;
    if (d->busy)
        return;
    look_at_client(d);
    if (d->over) {
        struct script_run *run = script_run_of(L);
        if (run)
            script_cancel(run, "the debugger has ended the tests");
        return;
    }
    if (d->left)
        return;
    struct breakpoint *b = d->breakpoints ? breakpoint_at(d, L, ar) : NULL;
    if (b)
        stop(d, L, script_run_of(L), "breakpoint", NULL, b->id);
    else if (d->pausing && authors(d, L, ar))
        stop(d, L, script_run_of(L), d->entry ? "entry" : "pause", NULL, 0);
    else if (d->step.mode != STEP_NONE && authors(d, L, ar) && stepped(d, L))
        stop(d, L, script_run_of(L), "step", NULL, 0);
}

void handle_resume(struct debugger *d, const struct request *r)
{
    bool all = strcmp(r->command, "continue") == 0;
    if (!d->stopped) {
        answer_refuse(d, r, "%s: the tests are running already", r->command);
        return;
    }
    d->step.mode = all ? STEP_NONE : *r->command == 'n' ? STEP_OVER : r->command[4] == 'I' ? STEP_IN : STEP_OUT;
    d->step.run = d->stop.run;
    d->step.script = d->stop.script;
    d->step.L = d->stop.L;
    d->step.depth = script_depth(d->stop.L);
    d->resume = true;
    answer_begin(d, r);
    if (all) {
        json_write_key(&d->w, "allThreadsContinued");
        json_write_bool(&d->w, true);
    }
    message_end(d);
    if (all)
        return;
    event_begin(d, "continued"); /* the other threads go on, too */
    json_write_key(&d->w, "threadId");
    json_write_int(&d->w, thread_of(d, d->stop.script, d->stop.run));
    json_write_key(&d->w, "allThreadsContinued");
    json_write_bool(&d->w, true);
    message_end(d);
}

/* ---- errors ---- */

/* The text of the error on L's top, without any metamethod. NULL: it is not told. */
static const char *error_text(lua_State *L)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        const char *text = lua_tostring(L, -1);
        return strcmp(text, OVER_TEXT) == 0 ? NULL : text;
    }
    return lua_type(L, -1) == LUA_TTABLE ? "the error is a table" : "the error is no text";
}

enum catcher { CATCHER_NONE, CATCHER_AUTHOR, CATCHER_OWN };

/* Who will catch the error: the innermost protected call around it decides. What our own Lua tries with pcall it has an
 * answer for; with xpcall it runs the author's code. raiser: the chunk that raised
 * it, valid as long as the error is handled. */
static enum catcher catcher_of(struct debugger *d, lua_State *L, const struct debug_source **raiser)
{
    lua_Debug ar;
    lua_CFunction by = NULL;
    *raiser = NULL;
    for (int level = 1; level < FRAMES_MAX && lua_checkstack(L, 1) && lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sf", &ar);
        lua_CFunction c = lua_tocfunction(L, -1);
        lua_pop(L, 1);
        const struct debug_source *source = *ar.what != 'C' ? source_of(d, ar.source) : NULL;
        bool library = source && !source->path; /* our own Lua, or luassert */
        bool luassert = str_starts(str_of(ar.source), "=luassert");
        if (!*raiser)
            *raiser = source;
        if (by && (!library || (luassert && *raiser && (*raiser)->path)))
            return CATCHER_AUTHOR; /* assert.has_error is the author's, too */
        if (by)
            return by == on_protected_call || luassert ? CATCHER_OWN : CATCHER_NONE;
        if (c && (c == on_protected_call || c == d->xpcall))
            by = c;
    }
    return CATCHER_NONE;
}

void on_raised(void *debugger, lua_State *L)
{
    struct debugger *d = debugger;
    const struct debug_source *raiser;
    if (d->busy || d->over || d->left || !(d->stop_uncaught || d->stop_raised))
        return;
    const char *text = error_text(L);
    if (!text)
        return;
    enum catcher by = catcher_of(d, L, &raiser);
    bool pending = raiser && strcmp(raiser->chunk, "=test.runner") == 0 && lua_type(L, -1) == LUA_TTABLE;
    if (by == CATCHER_OWN || pending)
        return;
    if (by == CATCHER_AUTHOR ? d->stop_raised : d->stop_raised || d->stop_uncaught)
        stop(d, L, script_run_of(L), "exception", text, 0);
}

void on_failed(void *debugger, struct script_run *run, const struct error *err)
{
    struct debugger *d = debugger;
    size_t n = 0;
    if (d->busy || d->over || d->left || err->code == ERR_CANCELLED || !d->stop_uncaught)
        return;
    while (script_run_thread(run, n))
        n++;
    lua_State *L = n ? script_run_thread(run, n - 1) : NULL;
    if (L)
        stop(d, L, run, "exception", err->message, 0);
}

static int tell_raised(lua_State *L)
{
    script_raised(L);
    return 1;
}

int on_protected_call(lua_State *L)
{
    return script_pcall(L, tell_raised);
}
