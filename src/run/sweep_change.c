/* SPDX-License-Identifier: Apache-2.0 */
/* From a job to its change: what a sweep's Lua code asks for, and what becomes of it. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "policy/load.h"
#include "policy/source/definition_line.h"
#include "policy/values/lua_changes.h"
#include "policy/values/lua_job.h"
#include "run/bounds.h"
#include "run/propose.h"
#include "run/run_canary.h"
#include "run/run_change.h"
#include "run/sweep_parts.h"

/* The first thing that is wrong with what the policy's function returned. */
struct judged {
    char field[64], key[320], message[1024];
    bool wrong;
};

static void first(void *data, const char *field, const char *key, const char *message)
{
    struct judged *j = data;
    if (j->wrong)
        return;
    *j = (struct judged){.wrong = true};
    snprintf(j->field, sizeof j->field, "%s", field);
    snprintf(j->key, sizeof j->key, "%s", key ? key : "");
    snprintf(j->message, sizeof j->message, "%s", message);
}

/* The line of the field in the function, else the function's own. */
static int line_of(const struct policy_file *file, const struct judged *j, const lua_Debug *ar)
{
    struct str text = buf_str(&file->text);
    for (size_t i = 0; i < file->source_count; i++) {
        if (*ar->source == '@' && strcmp(ar->source + 1, file->sources[i].path) == 0)
            text = buf_str(&file->sources[i].text);
    }
    int line = definition_place(text.ptr, text.len, ar->linedefined, j->field, *j->key ? j->key : NULL).line;
    return line <= ar->lastlinedefined ? line : ar->linedefined;
}

/* Reads what the policy's function returned, at index 2. The error names the author's file and line. */
static int read_result(lua_State *L, struct sweep *s, struct error *err)
{
    struct judged j = {.wrong = false};
    lua_Debug ar;
    int rc = lua_changes_read_all(L, 2, &s->changes, first, &j, err);
    if (!j.wrong)
        return rc;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->run->policy->function);
    lua_getinfo(L, ">S", &ar);
    return error_set(err, rc, "%s:%d: %s", ar.short_src, line_of(s->run->file, &j, &ar), j.message);
}

/* Fills s->changes from the policy's table, or from its function's result at index 2. False: the job has failed. */
bool sweep_read_changes(lua_State *L, struct sweep *s, const struct lua_job *job)
{
    struct error err;
    int rc;
    mpijob_changes_free(&s->changes);
    s->changes.kind = job->view.target.kind;
    if (s->run->policy->action == ACTION_TABLE)
        rc = mpijob_changes_copy(&policy_kinds_find(&s->run->policy->kinds, s->changes.kind)->changes, &s->changes,
                                 &err);
    else
        rc = read_result(L, s, &err);
    if (rc)
        run_job_failed(s->run, job->key, (struct str){0}, err.message);
    return rc == 0;
}

/* The job was changed by another writer: keeps its fresh bytes, to look at it again. */
static void remember(struct sweep *s, struct str object, int tries)
{
    struct again *a = calloc(1, sizeof *a);
    char *copy = a ? str_dup(object) : NULL;
    if (!copy) {
        free(a);
        run_job_failed(s->run, "", (struct str){0}, "out of memory");
        return;
    }
    a->object = copy;
    a->len = object.len;
    a->tries = tries;
    LL_PREPEND(s->again, a);
}

static void replaced(void *data, const struct change_result *result, const struct error *err)
{
    struct sweep *s = data;
    if (result->again && !s->stopped)
        remember(s, result->object, result->tries);
    if (err && err->code == ERR_LIMIT)
        s->stopped = true;
    if (s->run->feed && err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT))
        s->stopped = true; /* the others stay queued, and are tried when the server may answer again */
    sweep_wake(s);
}

static int submit_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct sweep *s = (struct sweep *)ctx;
    struct error err;
    struct run_change *change;
    struct lua_job *job = lua_job_at(L, 1);
    if (s->run->active >= s->run->policy->concurrency)
        return sweep_wait(L, s, submit_k);
    if (s->stopped || !sweep_read_changes(L, s, job))
        return 0;
    char name_space[256], name[256];
    snprintf(name_space, sizeof name_space, "%.*s", (int)job->view.name_space.len, job->view.name_space.ptr);
    snprintf(name, sizeof name, "%.*s", (int)job->view.name.len, job->view.name.ptr);
    struct mpijob_target target = {.kind = job->view.target.kind};
    struct change_call call = {
        .verb = CHANGE_FIELDS,
        .job = &target,
        .name_space = name_space,
        .name = name,
        .object = str_n(job->bytes, job->len),
        .changes = &s->changes,
        .computed = true, /* whether it matches follows from the job as well */
        .tries = s->given ? s->given->tries : 0,
        .done = replaced,
        .data = s,
    };
    if (run_change_start(s->run, &call, &change, &err))
        run_job_failed(s->run, job->key, (struct str){0}, err.message);
    return 0;
}

int sweep_submit(lua_State *L)
{
    if (!lua_job_at(L, 1))
        return luaL_argerror(L, 1, "a job expected");
    lua_settop(L, 2);
    return submit_k(L, LUA_OK, (lua_KContext)sweep_of(L));
}

static void settle(struct sweep *s, const struct lua_job *job, enum job_end end)
{
    if (job)
        run_settle(s->run, job->key, end, job->view.resource_version, NULL, NULL);
}

/* `where` said no. */
int sweep_declined(lua_State *L)
{
    settle(sweep_of(L), lua_job_at(L, 1), JOB_DECLINED);
    return 0;
}

/* The policy's function left the job alone. */
int sweep_left(lua_State *L)
{
    settle(sweep_of(L), lua_job_at(L, 1), JOB_LEFT);
    return 0;
}

/* where(function, ok, result [, name, value]): what it said, in a run that only looks; of a plugin's condition with its
 * name. where(): that was all. */
int sweep_where(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    const struct run_feed *feed = s->run->feed;
    struct run_where said = {.asked = lua_isfunction(L, 1)};
    char place[LUA_IDSIZE + 16];
    lua_Debug ar;
    lua_settop(L, 5);
    said.name = lua_tostring(L, 4);
    said.value = lua_tostring(L, 5);
    if (said.asked) {
        bool good = lua_toboolean(L, 2);
        lua_pushvalue(L, 1);
        lua_getinfo(L, ">S", &ar);
        snprintf(place, sizeof place, "%s:%d", ar.short_src, ar.linedefined);
        said.place = place;
        said.wanted = good && lua_toboolean(L, 3);
        said.error = good ? NULL : luaL_tolstring(L, 3, NULL);
    }
    if (feed && feed->where)
        feed->where(feed->data, &said);
    return 0;
}

/* counted(ok, result): what `where` said, in a run that only counts. */
int sweep_counted(lua_State *L)
{
    const struct run_feed *feed = sweep_of(L)->run->feed;
    bool good = lua_toboolean(L, 1);
    lua_settop(L, 2);
    if (feed && feed->counted)
        feed->counted(feed->data, good && lua_toboolean(L, 2), good ? NULL : luaL_tolstring(L, 2, NULL));
    return 0;
}

/* Would the changes change anything? */
int sweep_would(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    struct error err;
    struct lua_job *job = lua_job_at(L, 1);
    if (!job)
        return luaL_argerror(L, 1, "a job expected");
    if (!sweep_read_changes(L, s, job)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    mpijob_diff_free(&s->diff);
    buf_reset(&s->edited);
    int rc = mpijob_changes_apply(&s->changes, &job->view, &s->edited, &s->diff, &err);
    if (rc)
        run_job_failed(s->run, job->key, (struct str){0}, err.message);
    else if (s->diff.count == 0) {
        s->run->unchanged++;
        settle(s, job, JOB_UNCHANGED);
    }
    lua_pushboolean(L, !rc && s->diff.count > 0);
    return 1;
}

/* allow(n): how many of n jobs may be changed? All or nothing where a policy would change more than its author expects;
 * some, where these are a step of a canary. A dry run goes on, so that all is seen of what would be changed. */
int sweep_allow(lua_State *L)
{
    struct sweep *s = sweep_of(L);
    int64_t until, n = luaL_checkinteger(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (run_bounds_exceeded(s->run, n, listing_scope(s->listing), &until, err) == 0) {
        int64_t most = run_warns(s->run) ? n : run_canary_allow(s->run, n);
        run_bounds_set_aside(s->run, most);
        lua_pushinteger(L, most);
        return 1;
    }
    if (!until && run_propose_over_limit(s->run)) {
        lua_pushinteger(L, n);
        return 1;
    }
    s->run->limited_until = until;
    run_fail(s->run, RUN_LIMITED, err);
    s->stopped = !s->run->dry_run;
    lua_pushinteger(L, n);
    return 1;
}
