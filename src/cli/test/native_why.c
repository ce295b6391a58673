/* SPDX-License-Identifier: Apache-2.0 */
/* Why policies act on a job, or do not: for a spec that asks, and what a failure tells. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "binding/base/pending.h"
#include "binding/lua_why.h"
#include "cli/test/spec_parts.h"
#include "why/gather.h"

#define PATIENCE_MS 5000 /* a function of a policy that sleeps does not wake up, as the test's clock stands still */

struct asking {
    struct pending pending;
    struct engine *engine;
    struct policy_set *set; /* held */
    size_t at;              /* the next policy of it */
    char *only;             /* the policy that is asked; NULL: all of them, for a text */
    struct sim_response job;
    struct why_request *request;
    struct why *why; /* of `only` */
    struct buf out, text;
    struct error err; /* of `only`; code 0: none */
    bool gone;        /* nobody waits any more */
};

static void next(struct asking *a);

/* Each line stands two columns further in. */
static void add_lines(struct buf *out, const struct buf *text)
{
    for (const char *p = text->ptr; p && *p;) {
        size_t n = strcspn(p, "\n");
        buf_printf(out, "%s%.*s\n", n ? "  " : "", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void told(void *data, struct why *why, const struct error *err)
{
    struct asking *a = data;
    a->request = NULL;
    if (a->only && why) {
        a->why = why;
    } else if (why) {
        buf_reset(&a->text);
        why_text(why, false, &a->text);
        add_lines(&a->out, &a->text);
        why_free(why);
        free(why);
    } else if (a->only) {
        a->err = *err;
    } /* else it is about another kind of job */
    next(a);
}

static bool ask(struct asking *a, const char *policy)
{
    struct engine_why call = {.policy = policy,
                              .object = buf_str(&a->job.body),
                              .patience_ms = PATIENCE_MS,
                              .daemon = true,
                              .done = told,
                              .data = a};
    return engine_why(a->engine, &call, &a->request, &a->err) == 0;
}

/* Asks the next policy; it is over after the last one, or after the only one. */
static void next(struct asking *a)
{
    while (!a->gone && a->at < a->set->count) {
        const char *name = a->set->entries[a->at++].policy->name;
        if ((!a->only || strcmp(name, a->only) == 0) && ask(a, name))
            return;
    }
    pending_finish(&a->pending);
}

static void abort_asking(struct pending *p)
{
    struct asking *a = (struct asking *)p;
    a->gone = true;
    if (a->request)
        why_cancel(a->request);
}

static void release_asking(struct pending *p)
{
    struct asking *a = (struct asking *)p;
    sim_response_free(&a->job);
    if (a->set)
        policy_set_release(a->set);
    if (a->why)
        why_free(a->why);
    free(a->why);
    free(a->only);
    buf_free(&a->out);
    buf_free(&a->text);
}

static int told_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct asking *a = (struct asking *)ctx;
    if (a->only && a->err.code)
        return luaL_error(L, "why: %s", a->err.message);
    if (a->only)
        lua_why_push(L, a->why, &a->text);
    else
        lua_pushlstring(L, a->out.ptr ? a->out.ptr : "", a->out.len);
    pending_over(&a->pending);
    return 1;
}

static int no_such_job(lua_State *L, const struct asking *a)
{
    if (a->only)
        return luaL_error(L, "why: there is no such job in the cluster");
    lua_pushliteral(L, "  there is no such job in the cluster\n");
    return 1;
}

static void check_policy(lua_State *L, struct engine *engine, const char *name)
{
    const struct policy_set *set = engine_policies(engine);
    const char **names = lua_newuserdatauv(L, (set->count + 1) * sizeof *names, 0);
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->entries[i].policy->name;
    names[set->count] = NULL;
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return;
    }
    const char *near = str_nearest(name, names);
    luaL_error(L, "why: there is no policy \"%s\"%s%s%s", name, near ? "; did you mean \"" : "", near ? near : "",
               near ? "\"?" : "");
}

/* why(path): what each policy makes of the job behind that path of the cluster, as a text; nil: there is nothing to
 * tell. why(path, policy): of that policy, as policies are told. */
static int l_why(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *path = luaL_checkstring(L, 1), *only = luaL_optstring(L, 2, NULL);
    struct engine *engine = s->world ? world_engine(s->world) : NULL;
    if (!engine || !engine_policies(engine))
        return 0;
    if (only)
        check_policy(L, engine, only);
    struct asking *a = pending_new(L, sizeof *a, abort_asking, release_asking);
    if (only && !(a->only = str_dup(str_of(only))))
        return luaL_error(L, "out of memory");
    world_ask(s->world, "GET", path, str_of(""), &a->job);
    if (a->job.status != 200)
        return a->job.status == 404 ? no_such_job(L, a) : 0;
    a->engine = engine;
    a->set = (struct policy_set *)(uintptr_t)engine_policies(engine);
    policy_set_hold(a->set);
    next(a);
    return pending_wait(L, &a->pending, told_k);
}

/* The names of the policies. */
static int l_policy_names(lua_State *L)
{
    struct spec *s = spec_of(L);
    const struct policy_set *set = s->world && world_engine(s->world) ? engine_policies(world_engine(s->world)) : NULL;
    lua_newtable(L);
    for (size_t i = 0; set && i < set->count; i++) {
        lua_pushstring(L, set->entries[i].policy->name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* resources([policy]): "trainjobs.trainer.kubeflow.org" of each kind that it is about, or that one of them all is. */
static int l_resources(lua_State *L)
{
    struct spec *s = spec_of(L);
    const char *only = luaL_optstring(L, 1, NULL);
    const struct policy_set *set = s->world && world_engine(s->world) ? engine_policies(world_engine(s->world)) : NULL;
    lua_newtable(L);
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *policy = set->entries[i].policy;
        for (size_t k = 0; (!only || strcmp(policy->name, only) == 0) && k < policy->kinds.count; k++) {
            lua_pushstring(L, mpijob_kind_info(policy->kinds.of[k].kind)->definition);
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        }
    }
    return 1;
}

void native_open_why(lua_State *L)
{
    lua_pushcfunction(L, l_why);
    lua_setfield(L, -2, "why");
    lua_pushcfunction(L, l_policy_names);
    lua_setfield(L, -2, "policy_names");
    lua_pushcfunction(L, l_resources);
    lua_setfield(L, -2, "resources");
}
