/* SPDX-License-Identifier: Apache-2.0 */
/* A run that warns: what it says of a job, and the means that are not the policy's own functions. See
 * lua/mpijobd/sweep.lua. */
#include <inttypes.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/events.h"
#include "policy/values/lua_changes.h"
#include "policy/values/lua_job.h"
#include "run/run_change.h"
#include "run/runs.h"
#include "run/sweep_parts.h"
#include "site/counters.h"

#define EVENT_REASON "WillChange"

void sweep_push_sinks(lua_State *L, const struct run *run)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, run->policy->warn.sinks);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
}

/* How the owner keeps the policy off: as a command that works when it is pasted, so with the kind and the cluster where
 * they are not the default ones. Of a kind that a plugin has added the command knows nothing. */
static void add_hold(const struct run *run, const struct lua_job *job, struct buf *out)
{
    const struct policy *p = run->policy;
    const char *annotation = mpijob_match_hold_annotation(p->match), *cluster = run->site->told;
    const struct mpijob_kind *kind = mpijob_kind_info(job->view.target.kind);
    if (strcmp(annotation, MPIJOB_HOLD_ANNOTATION) == 0 && !mpijob_kind_added(kind))
        buf_printf(out, "mpijobd hold %s%s%s 2d%s%s, or the annotation %s with an instant",
                   kind == KIND_MPIJOB ? "" : kind->singular, kind == KIND_MPIJOB ? "" : " ", job->key,
                   cluster ? " --cluster " : "", cluster ? cluster : "", annotation);
    else
        buf_printf(out, "the annotation %s with an instant", annotation);
}

static void set_text(lua_State *L, const char *name, const struct buf *text)
{
    lua_pushlstring(L, text->len ? text->ptr : "", text->len);
    lua_setfield(L, -2, name);
}

/* The table that the policy's functions are given: mpijobd.Warning in lua/types/policy.lua. */
static void push_warning(lua_State *L, const struct policy *p, const struct lua_job *job, const struct run_warning *w,
                         const struct buf *texts)
{
    lua_createtable(L, 0, 8);
    set_text(L, "change", &texts[0]);
    set_text(L, "hold", &texts[1]);
    set_text(L, "text", &texts[2]);
    lua_pushstring(L, p->name);
    lua_setfield(L, -2, "policy");
    lua_pushstring(L, job->key);
    lua_setfield(L, -2, "job");
    lua_pushinteger(L, w->number);
    lua_setfield(L, -2, "number");
    lua_pushinteger(L, w->of);
    lua_setfield(L, -2, "of");
    lua_pushinteger(L, w->acts_at / CLOCK_SECOND);
    lua_setfield(L, -2, "acts_at");
}

/* texts: zeroed; the change, how to hold it, the whole sentence. False: there is nothing to change, or it has failed;
 * the job is settled. */
static bool tell(struct sweep *s, const struct lua_job *job, const struct run_warning *w, struct buf texts[3])
{
    const struct policy *p = s->run->policy;
    struct error err;
    mpijob_diff_free(&s->diff);
    buf_reset(&s->edited);
    int rc = mpijob_changes_apply(&s->changes, &job->view, &s->edited, &s->diff, &err);
    if (rc) {
        run_job_failed(s->run, job->key, (struct str){0}, err.message);
    } else if (!s->diff.count) {
        s->run->unchanged++;
        run_settle(s->run, job->key, JOB_UNCHANGED, job->view.resource_version, NULL, NULL);
    } else {
        change_text(&s->diff, &texts[0]);
        add_hold(s->run, job, &texts[1]);
        buf_printf(&texts[2], "policy %s changes this job at %s: ", p->name, w->when);
        buf_add_str(&texts[2], buf_str(&texts[0]));
        buf_puts(&texts[2], ". To keep it off: ");
        buf_add_str(&texts[2], buf_str(&texts[1]));
        buf_printf(&texts[2], " (warning %u of %u)", w->number, w->of);
    }
    return !rc && s->diff.count;
}

struct telling { /* kept by Lua, so that an error leaks nothing */
    struct buf texts[3];
};

static int free_telling(lua_State *L)
{
    struct telling *t = lua_touserdata(L, 1);
    for (int i = 0; i < 3; i++)
        buf_free(&t->texts[i]);
    return 0;
}

static struct telling *new_telling(lua_State *L)
{
    struct telling *t = lua_newuserdatauv(L, sizeof *t, 0);
    *t = (struct telling){0};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, free_telling);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return t;
}

/* warning(job, changes): what to say; nil where there is nothing, and the job is settled. */
int sweep_warning(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    const struct run_feed *feed = s->run->feed;
    struct lua_job *job = lua_job_at(L, 1);
    struct run_warning w;
    lua_settop(L, 2);
    if (!job)
        return luaL_argerror(L, 1, "a job expected");
    s->unwarned[0] = '\0';
    struct telling *t = new_telling(L);
    if (s->stopped || !sweep_read_changes(L, s, job) || !feed->warning(feed->data, job->key, &w) ||
        !tell(s, job, &w, t->texts))
        return 0;
    push_warning(L, s->run->policy, job, &w, t->texts);
    return 1;
}

/* The owner of a job has heard nothing, by any means: the run is not well, though that is not the policy's fault. */
static void unwarned(struct sweep *s, const char *key, const char *why)
{
    struct run *run = s->run;
    run->failed++;
    run->excused++;
    snprintf(run->note, sizeof run->note, "the owner of %" PRId64 " job%s could not be warned: %.80s (%.50s)",
             run->failed, run->failed == 1 ? "" : "s", *why ? why : "no means has worked", key);
}

/* by_sink(job [, message]): one of the policy's functions has warned, or has not. */
int sweep_by_sink(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    struct run *run = s->run;
    const struct lua_job *job = lua_job_at(L, 1);
    const char *message = luaL_optstring(L, 2, NULL);
    if (!job)
        return luaL_argerror(L, 1, "a job expected");
    if (message) {
        snprintf(s->unwarned, sizeof s->unwarned, "%.*s", (int)strcspn(message, "\n"), message);
        run_event(run, LOG_ERROR, "a function of warn.by has not warned",
                  LOG_FIELDS({"job", job->key}, {"reason", message}));
        return 0;
    }
    run->feed->warned(run->feed->data, job->key);
    run->warned++;
    if (!run->dry_run)
        counters_warned(run->site->counters, run->policy->name, "sink");
    return 0;
}

/* ---- by an Event ---- */

struct warned_event {
    struct sweep *sweep; /* NULL: it is gone */
};

static void event_over(void *data, bool written)
{
    struct warned_event *e = data;
    struct sweep *s = e->sweep;
    free(e);
    if (!s)
        return;
    s->event = NULL;
    s->event_written = written;
    sweep_wake(s);
}

void sweep_warn_free(struct sweep *s)
{
    if (s->event)
        s->event->sweep = NULL;
}

static void count_event(struct run *run, const struct lua_job *job)
{
    run->feed->warned(run->feed->data, job->key);
    run->warned++;
    if (!run->dry_run)
        counters_warned(run->site->counters, run->policy->name, "event");
}

/* waits: nothing else tells the owner, so it has to be known whether the Event was written. */
static void by_event(struct sweep *s, const struct lua_job *job, struct str text, bool waits)
{
    const struct run *run = s->run;
    struct event event = {.job = &job->view, .reason = EVENT_REASON, .text = text};
    struct warned_event *e = waits && !run->dry_run ? calloc(1, sizeof *e) : NULL;
    s->event_written = run->dry_run;
    if (run->dry_run)
        return;
    if (e) {
        e->sweep = s;
        event.done = event_over;
        event.data = e;
    }
    bool taken = (e || !waits) && events_add(run->site->events, &event);
    if (e && taken)
        s->event = e;
    else
        free(e);
    if (!waits && taken)
        counters_warned(run->site->counters, run->policy->name, "event");
}

static int event_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx; // NOLINT(performance-no-int-to-ptr)
    const struct lua_job *job = lua_job_at(L, 1);
    if (s->event)
        return sweep_wait(L, s, event_k);
    if (s->event_written)
        count_event(s->run, job);
    else
        unwarned(s, job->key, "the Event could not be written");
    run_settle(s->run, job->key, JOB_WARNED, job->view.resource_version, NULL, NULL);
    return 0;
}

/* ---- by the annotation ---- */

static void annotated(void *data, const struct change_result *result, const struct error *err)
{
    struct sweep *s = data;
    if (!err && !result->dry_run)
        counters_warned(s->run->site->counters, s->run->policy->name, "annotation");
    if (err && s->run->failed && err->code != ERR_CANCELLED && err->code != ERR_LIMIT)
        snprintf(s->run->note, sizeof s->run->note,
                 "the annotation could not be written on %" PRId64 " job%s, the last time: %.100s", s->run->failed,
                 s->run->failed == 1 ? "" : "s", err->message);
    if (err && err->code == ERR_LIMIT)
        s->stopped = true;
    if (err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT))
        s->stopped = true; /* the others stay queued, and are tried when the server may answer again */
    sweep_wake(s);
}

static int by_annotation(struct sweep *s, const struct lua_job *job, struct str text, struct error *err)
{
    const struct policy *p = s->run->policy;
    struct run_change *change;
    char key[128], name_space[256], name[256];
    struct mpijob_target target = {.kind = job->view.target.kind};
    snprintf(key, sizeof key, POLICY_WARNED_ANNOTATION "%s", p->name);
    snprintf(name_space, sizeof name_space, "%.*s", (int)job->view.name_space.len, job->view.name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)job->view.name.len, job->view.name.ptr);
    mpijob_changes_free(&s->changes);
    s->changes.kind = target.kind;
    int rc = mpijob_changes_map(&s->changes, CHANGE_ANNOTATIONS, str_of(key), &text, err);
    struct change_call call = {
        .verb = CHANGE_FIELDS,
        .job = &target,
        .name_space = name_space,
        .name = name,
        .object = str_n(job->bytes, job->len),
        .changes = &s->changes,
        .done = annotated,
        .data = s,
    };
    return rc ? rc : run_change_start(s->run, &call, &change, err);
}

static int warn_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    struct run *run = s->run;
    const struct lua_job *job = lua_job_at(L, 1);
    struct error err;
    struct str text;
    if (run->policy->warn.annotation && run->active >= run->policy->concurrency)
        return sweep_wait(L, s, warn_k);
    if (s->stopped)
        return 0;
    text.ptr = lua_tolstring(L, 2, &text.len);
    bool alone = !run->policy->warn.annotation && !lua_toboolean(L, 3);
    if (alone && !run->policy->warn.event)
        unwarned(s, job->key, s->unwarned);
    if (run->policy->warn.event)
        by_event(s, job, text, alone);
    if (run->policy->warn.event && alone)
        return event_k(L, LUA_OK, ctx);
    if (!run->policy->warn.annotation)
        run_settle(run, job->key, JOB_WARNED, job->view.resource_version, NULL, NULL);
    else if (by_annotation(s, job, text, &err))
        run_job_failed(run, job->key, (struct str){0}, err.message);
    return 0;
}

/* warn(job, text, told): by an Event and by the annotation, as the policy says; then the job is settled. told: a
 * function of the policy has told its owner already. */
int sweep_warn(lua_State *L)
{
    if (!lua_job_at(L, 1) || lua_type(L, 2) != LUA_TSTRING)
        return luaL_argerror(L, 1, "a job and a text expected");
    lua_settop(L, 3);
    return warn_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}
