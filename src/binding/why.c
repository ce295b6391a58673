/* SPDX-License-Identifier: Apache-2.0 */
/* why(job [, policy]): why a policy acts on a job, or does not. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/lua_why.h"
#include "binding/modules.h"
#include "policy/values/lua_json.h"
#include "why/gather.h"

#define WHY_COSTS_US 200 /* of the daemon's time, for one answer */

/* ---- the value ---- */

static int l_text(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

void lua_why_push(lua_State *L, const struct why *why, struct buf *text)
{
    struct json_writer w;
    struct json root = {0};
    buf_reset(text);
    json_writer_init(&w, text);
    why_json(why, true, &w);
    bool whole = !why->full && !text->failed;
    if (!whole || json_parse(buf_str(text), "the answer", &root, NULL))
        luaL_error(L, "not enough memory");
    lua_json_push(L, root);
    buf_reset(text);
    why_text(why, false, text);
    if (text->failed)
        luaL_error(L, "not enough memory");
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, text->ptr, text->len ? text->len - 1 : 0); /* without the last line's end */
    lua_pushcclosure(L, l_text, 1);
    lua_setfield(L, -2, "__tostring");
    lua_pushstring(L, "why");
    lua_setfield(L, -2, "__name");
    lua_setmetatable(L, -2);
}

/* ---- asking ---- */

void lua_why_told(void *data, struct why *why, const struct error *err)
{
    struct lua_why_asking *a = data;
    a->request = NULL;
    a->why = why;
    if (err)
        a->err = *err;
    pending_finish(&a->pending);
}

static void give_up(struct pending *p)
{
    struct lua_why_asking *a = (struct lua_why_asking *)p;
    if (a->request)
        why_cancel(a->request);
}

static void release(struct pending *p)
{
    struct lua_why_asking *a = (struct lua_why_asking *)p;
    if (a->why)
        why_free(a->why);
    free(a->why);
    buf_free(&a->text);
}

void *lua_why_asking_new(lua_State *L, size_t size)
{
    return pending_new(L, size, give_up, release);
}

static int told_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct lua_why_asking *a = (struct lua_why_asking *)ctx; // NOLINT(performance-no-int-to-ptr)
    int n = 1;
    if (a->err.code) {
        n = push_failure(L, &a->err);
    } else {
        script_charge(L, a->why->cpu + a->extra_us);
        lua_why_push(L, a->why, &a->text);
    }
    pending_over(&a->pending);
    return n;
}

int lua_why_wait(lua_State *L, struct lua_why_asking *a)
{
    return pending_wait(L, &a->pending, told_k);
}

/* The policy at index 2, by its name; nil: the run's own. Raises. */
static const struct policy_entry *check_policy(lua_State *L, const struct run *run)
{
    const struct policy_set *set = run->file->set;
    const char *name = luaL_optstring(L, 2, run->policy->name);
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->entries[i].policy->name, name) == 0)
            return &set->entries[i];
    }
    const char **names = lua_newuserdatauv(L, (set->count + 1) * sizeof *names, 0);
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->entries[i].policy->name;
    names[set->count] = NULL;
    const char *near = str_nearest(name, names);
    luaL_error(L, "why: there is no policy \"%s\"%s%s%s", name, near ? "; did you mean \"" : "", near ? near : "",
               near ? "\"?" : "");
    return NULL;
}

/* "trainjob/train/bert" at index 1 becomes "train/bert"; returns the kind. NULL: the text names none, or is no text. */
static const struct mpijob_kind *take_kind(lua_State *L)
{
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : "", *slash = strchr(text, '/');
    const struct mpijob_kind *kind = NULL;
    if (!slash || !strchr(slash + 1, '/') || !mpijob_kind_find(str_n(text, (size_t)(slash - text)), &kind))
        return NULL;
    lua_pushstring(L, slash + 1);
    lua_replace(L, 1);
    return kind;
}

static int l_why(lua_State *L)
{
    struct run *run = check_run(L, "why");
    struct target target;
    if (run_looks(run))
        return luaL_error(L, "why cannot be asked here: it is asked itself why the policy acts on this job");
    lua_settop(L, 2);
    const struct policy_entry *entry = check_policy(L, run);
    const struct policy_kinds *kinds = &entry->policy->kinds;
    const struct mpijob_kind *named = take_kind(L);
    const struct lua_job *job = lua_job_at(L, 1);
    const struct mpijob_kind *of = job ? job->view.target.kind : named;
    if (named && !policy_kinds_have(kinds, named))
        return luaL_error(L, "why: the policy \"%s\" is not about %ss", entry->policy->name, named->name);
    check_target(L, 1, of && policy_kinds_have(&entry->policy->kinds, of) ? of : entry->policy->kinds.of[0].kind,
                 &target);
    struct lua_why_asking *a = lua_why_asking_new(L, sizeof *a);
    a->extra_us = WHY_COSTS_US; /* of a run of its own, which must not be a way to more */
    struct why_call call = {
        .runs = run->runs,
        .entry = entry,
        .name_space = target.name_space,
        .name = target.name,
        .kind = named,
        .object = target.job ? str_n(target.job->bytes, target.job->len) : (struct str){0},
        .state = run->site->state,
        .journal = run->site->journal,
        .daemon = run->site->journal && !run->site->once,
        .done = lua_why_told,
        .data = a,
    };
    if (why_start(&call, &a->request, &a->err))
        return push_failure(L, &a->err);
    return lua_why_wait(L, a);
}

static const struct binding_function functions[] = {{"why", l_why, MAY_GET}, {NULL, NULL, 0}};
const struct binding_module module_why = {.annotations = "why.lua", .functions = functions, .needs = MAY_GET};
