/* SPDX-License-Identifier: Apache-2.0 */
/* A sweep's life, and the jobs that it hands to Lua. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "jobs/listing.h"
#include "policy/definition/lua_conditions.h"
#include "policy/values/lua_job.h"
#include "record/record.h"
#include "run/bounds.h"
#include "run/made_names.h"
#include "run/runs.h"
#include "run/sweep_parts.h"
#include "script/embedded.h"
#include "script/observe.h"

static void free_again(struct again *a)
{
    if (a)
        free(a->object);
    free(a);
}

struct sweep *sweep_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

void sweep_wake(struct sweep *s)
{
    if (!s->waiting)
        return;
    s->waiting = false;
    script_wake(&s->wait);
}

static void cancelled(struct script_wait *wait)
{
    struct sweep *s = (struct sweep *)((char *)wait - offsetof(struct sweep, wait));
    s->waiting = false;
}

int sweep_wait(lua_State *L, struct sweep *s, lua_KFunction k)
{
    s->wait = (struct script_wait){.cancel = cancelled};
    s->waiting = true;
    return script_wait(L, &s->wait, k, (lua_KContext)s);
}

/* ---- the jobs ---- */

/* May raise a Lua error; the listing or s->given owns the bytes, so nothing leaks. */
static int give(lua_State *L, struct sweep *s, struct str object)
{
    int64_t now = clock_now(s->run->site->clock), as_of = s->given ? now : listing_as_of(s->listing);
    struct lua_job *job = lua_job_push(L, object, s->run->site->cluster,
                                       policy_kinds_of_text(&s->run->policy->kinds, object), s->run->site->clock);
    job->as_of = as_of;
    run_name_for_job(s->run, job->view.uid);
    recording_job(s->run->recording, job->key, object, now, as_of, s->given != NULL);
    return 1;
}

static int next_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    struct str object;
    if (s->reading)
        return sweep_wait(L, s, next_k);
    if (s->read_error) {
        run_fail(s->run, RUN_FAILED, s->read_error);
        lua_pushnil(L);
        return 1;
    }
    for (;;) {
        enum listing_state state = s->stopped ? LISTING_END : listing_next(s->listing, &object);
        switch (state) {
        case LISTING_JOB:
            if (sweep_changed_before(s, object))
                continue;
            return give(L, s, object);
        case LISTING_WAIT:
            return sweep_wait(L, s, next_k);
        case LISTING_ERROR:
            run_fail(s->run, RUN_FAILED, listing_error(s->listing)); /* the jobs found so far are still changed */
            recording_listed(s->run->recording, 0, listing_error(s->listing)->message);
            lua_pushnil(L);
            return 1;
        case LISTING_END:
            if (!s->stopped)
                recording_listed(s->run->recording, listing_scope(s->listing), NULL);
            lua_pushnil(L);
            return 1;
        }
    }
}

static int l_next(lua_State *L)
{
    return next_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

/* The job is another one than its owner was warned about: it is tried again later, if nobody has seen that by then. */
static void changed_since(struct sweep *s, const struct mpijob_view *view)
{
    struct error err;
    char key[600];
    snprintf(key, sizeof key, "%.*s/%.*s", (int)view->name_space.len, view->name_space.ptr, (int)view->name.len,
             view->name.ptr);
    error_set(&err, ERR_CONFLICT, "the job has changed since its owner was warned");
    err.retryable = true;
    run_event(s->run, LOG_WARN, err.message, LOG_FIELDS({"job", key}));
    run_settle(s->run, key, JOB_FAILED, view->resource_version, NULL, &err);
}

/* Hands out the jobs that have to be looked at again; nil when every change has ended. */
static int drain_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    while (s->again && !s->stopped) {
        struct again *a = s->again;
        LL_DELETE(s->again, a);
        free_again(s->given);
        s->given = a;
        struct json root;
        struct mpijob_view view;
        struct str object = str_n(a->object, a->len);
        bool matches = json_parse(object, "the job", &root, NULL) == 0 &&
                       mpijob_view(root, run_target_of(s->run, root), &view, NULL) == 0 &&
                       mpijob_match_eval(s->run->policy->match, &view, clock_now(s->run->site->clock), NULL);
        const struct run_feed *feed = s->run->feed;
        if (matches && feed && feed->again && !feed->again(feed->data, &view))
            changed_since(s, &view);
        else if (matches) /* still */
            return give(L, s, object);
    }
    if (s->run->active)
        return sweep_wait(L, s, drain_k);
    lua_pushnil(L);
    return 1;
}

static int l_drain(lua_State *L)
{
    return drain_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

/* The frames of the author's files: those of C and of the host's own Lua are left out. */
static int traceback(lua_State *L)
{
    script_raised(L);
    const char *message = luaL_tolstring(L, 1, NULL);
    luaL_traceback(L, L, message, 1);
    const char *text = lua_tostring(L, -1), *line = strstr(text, "\nstack traceback:\n\t");
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    if (line)
        line += strlen("\nstack traceback:");
    luaL_addlstring(&b, text, line ? (size_t)(line - text) : strlen(text));
    while (line && *line) {
        size_t n = 1 + strcspn(line + 1, "\n");
        struct str frame = str_n(line, n);
        if (!str_starts(frame, "\n\t[C]:") && !str_starts(frame, "\n\tsweep:") && !str_starts(frame, "\n\tmpijob:"))
            luaL_addlstring(&b, line, n);
        line += n;
    }
    luaL_pushresult(&b);
    return 1;
}

/* Lua says only "not enough memory", and where is forgotten by now: in the function that was called. */
static void push_memory_error(lua_State *L)
{
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    char where[LUA_IDSIZE + 16];
    lua_Debug ar;
    lua_pushvalue(L, 1);
    lua_getinfo(L, ">S", &ar);
    snprintf(where, sizeof where, "%s:%d", ar.short_src, ar.linedefined);
    script_memory_told(L, where, err);
    lua_pushstring(L, err->message);
    lua_remove(L, -2);
}

static int protect_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    bool good = status == LUA_OK || status == LUA_YIELD;
    lua_pushboolean(L, good);
    if (status == LUA_ERRMEM)
        push_memory_error(L);
    else
        lua_pushvalue(L, 3);
    return 2;
}

/* protect(function, job): gives true and the function's result, or false and a traceback. */
static int l_protect(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushcfunction(L, traceback);
    lua_insert(L, 2);
    lua_pushvalue(L, 1);
    lua_insert(L, 3); /* function, traceback, function, job */
    return protect_k(L, lua_pcallk(L, 1, 1, 2, 0, protect_k), 0);
}

static int l_failed(lua_State *L)
{
    struct lua_job *job = lua_job_at(L, 1);
    run_job_failed(sweep_of(L)->run, job ? job->key : "", (struct str){0}, luaL_tolstring(L, 2, NULL));
    return 0;
}

int sweep_enter(lua_State *L, void *data)
{
    static const luaL_Reg native[] = {
        {"next", l_next},           {"drain", l_drain},           {"submit", sweep_submit},
        {"would", sweep_would},     {"allow", sweep_allow},       {"protect", l_protect},
        {"failed", l_failed},       {"declined", sweep_declined}, {"left", sweep_left},
        {"where", sweep_where},     {"counted", sweep_counted},   {"warning", sweep_warning},
        {"by_sink", sweep_by_sink}, {"warn", sweep_warn},         {NULL, NULL}};
    struct run *run = data;
    if (luaL_loadbufferx(L, embedded_sweep, embedded_sweep_len, "=sweep", "t"))
        return lua_error(L);
    luaL_newlibtable(L, native);
    lua_pushlightuserdata(L, run->sweep);
    luaL_setfuncs(L, native, 1);
    lua_pushboolean(L, run_bounds_count(run));
    lua_setfield(L, -2, "limited");
    lua_pushboolean(L, run_looks(run) && run->feed->where);
    lua_setfield(L, -2, "looks");
    lua_pushboolean(L, run_counts(run));
    lua_setfield(L, -2, "counts");
    lua_pushboolean(L, run->policy->action != ACTION_RUN);
    lua_setfield(L, -2, "replaces");
    if (run_warns(run)) {
        sweep_push_sinks(L, run);
        lua_setfield(L, -2, "sinks");
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->where); /* LUA_NOREF gives nil */
    if (run_looks(run) && run->feed->where) {              /* each of its conditions is asked by itself */
        lua_conditions_split(L);
        lua_insert(L, -2);
        lua_setfield(L, -3, "conditions");
    }
    if (run->policy->action == ACTION_FUNCTION)
        lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->function);
    else
        lua_pushnil(L);
    return 3;
}

/* ---- life ---- */

static void listing_ready(void *data)
{
    sweep_wake(data);
}

struct sweep *sweep_new(struct run *run, int64_t resumes, struct error *err)
{
    struct sweep *s = calloc(1, sizeof *s);
    if (!s) {
        error_nomem(err);
        return NULL;
    }
    s->run = run;
    s->listing = run_listing(run, listing_ready, s, err);
    if (!s->listing) {
        sweep_free(s);
        return NULL;
    }
    if (resumes)
        sweep_read_before(s);
    return s;
}

void sweep_stop(struct sweep *s)
{
    s->stopped = true;
    listing_free(s->listing);
    s->listing = NULL;
}

void sweep_free(struct sweep *s)
{
    listing_free(s->listing);
    while (s->again) {
        struct again *a = s->again;
        LL_DELETE(s->again, a);
        free_again(a);
    }
    free_again(s->given);
    sweep_free_before(s);
    sweep_warn_free(s);
    mpijob_changes_free(&s->changes);
    mpijob_diff_free(&s->diff);
    buf_free(&s->edited);
    free(s);
}
