/* SPDX-License-Identifier: Apache-2.0 */
/* What our own files of a spec's state are given: the world of the test that runs. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "cli/test/spec_parts.h"
#include "policy/values/lua_json.h"
#include "sim/fault/faults_add.h"

static struct world *check_world(lua_State *L)
{
    struct spec *s = spec_of(L);
    if (!s->world)
        luaL_error(L, "there is no cluster yet; begin with cluster.job or cluster.serve");
    return s->world;
}

/* ---- making it ---- */

static bool take_version(struct world_options *o, const char *name, const char **kept)
{
    static const char *const names[] = {"v1alpha2", "v1", "v2beta1"};
    bool *flags[] = {&o->v1alpha2, &o->v1, &o->v2beta1};
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *flags[i] = true;
        *kept = names[i];
        return true;
    }
    return false;
}

static void take_controller(lua_State *L, struct world_options *o, int index)
{
    const char *name = luaL_optstring(L, index, NULL);
    o->training_operator = name && strcmp(name, "training-operator") == 0;
    if (name && !o->training_operator && strcmp(name, "mpi-operator") != 0)
        luaL_error(L, "the controller is mpi-operator or training-operator, not \"%s\"", name);
    if (o->training_operator && (!o->v1 || o->v1alpha2 || o->v2beta1))
        luaL_error(L, "training-operator acts on jobs of v1 alone: version = \"v1\"");
}

static void make_world(lua_State *L, struct world_options *o)
{
    struct spec *s = spec_of(L);
    if (s->outside)
        luaL_error(L, "%s stands for a whole block, and each test has a cluster of its own; use before_each",
                   s->outside);
    if (!s->running)
        luaL_error(L, "a cluster is filled within a test or in before_each");
    if (s->world)
        luaL_error(L, "the test's cluster is there already; cluster.serve and cluster.seed come first");
    o->loop = s->loop;
    o->soon = s->soon;
    o->clock = &s->clock;
    o->siblings = o->kinds = true;
    o->onlookers = s->onlookers;
    o->stand_in = &s->stand_in;
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (world_new(o, &s->world, err))
        luaL_error(L, "%s", err->message);
}

/* open(versions, controller or nil, jobs, seed) */
static int l_open(lua_State *L)
{
    struct spec *s = spec_of(L);
    struct world_options o = {.jobs = luaL_checkinteger(L, 3), .seed = luaL_checkinteger(L, 4)};
    const char *version = NULL, *last = NULL;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, o.jobs >= 0 && o.jobs <= 100000, 3, "at most 100000 jobs");
    for (lua_Integer i = 1; lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
        const char *name = luaL_checkstring(L, -1);
        if (!take_version(&o, name, &last))
            return luaL_error(L, "there is no version \"%s\"; there are v1alpha2, v1 and v2beta1", name);
        version = version ? version : last;
        lua_pop(L, 1);
    }
    luaL_argcheck(L, version, 1, "a version expected");
    take_controller(L, &o, 2);
    make_world(L, &o);
    s->version = version;
    s->training = o.training_operator;
    return 0;
}

static int l_opened(lua_State *L)
{
    lua_pushboolean(L, spec_of(L)->world != NULL);
    return 1;
}

static int l_version(lua_State *L)
{
    check_world(L);
    lua_pushstring(L, spec_of(L)->version);
    return 1;
}

static int l_fresh_name(lua_State *L)
{
    lua_pushfstring(L, "job-%d", (int)++spec_of(L)->names);
    return 1;
}

/* ---- time ---- */

static int l_now(lua_State *L)
{
    int64_t us = spec_of(L)->clock.manual_us;
    if (us % CLOCK_SECOND == 0)
        lua_pushinteger(L, us / CLOCK_SECOND);
    else
        lua_pushnumber(L, (double)us / 1e6);
    return 1;
}

/* begin(seconds): the world will begin then. */
static int l_begin(lua_State *L)
{
    spec_of(L)->clock.manual_us = (int64_t)(luaL_checknumber(L, 1) * 1e6);
    return 0;
}

struct spec_wait {
    struct script_wait wait;
    struct spec *spec;
    struct error err;
    bool over;
};

static void wait_gone(struct script_wait *wait)
{
    struct spec_wait *w = (struct spec_wait *)((char *)wait - offsetof(struct spec_wait, wait));
    native_forget(w->spec);
}

void native_forget(struct spec *s)
{
    if (!s->waiting)
        return;
    if (!s->waiting->over)
        world_forget(s->world);
    free(s->waiting);
    s->waiting = NULL;
}

static void moved(void *data, const struct error *err)
{
    struct spec_wait *w = data;
    w->over = true;
    if (err)
        w->err = *err;
    script_wake(&w->wait);
}

static int advanced_k(lua_State *L, int status, lua_KContext ctx)
{
    struct spec_wait *w = (struct spec_wait *)ctx;
    struct spec *s = w->spec;
    (void)status;
    if (w->err.code) {
        lua_pushstring(L, w->err.message);
        native_forget(s);
        return luaL_error(L, "%s", lua_tostring(L, -1));
    }
    native_forget(s);
    return 0;
}

static int wait_until(lua_State *L, int64_t until)
{
    struct spec *s = spec_of(L);
    if (s->waiting)
        return luaL_error(L, "another coroutine of this test lets time pass already");
    if (!spec_policies(s)[0] && !s->plugins.count) /* a plugin's spec may move its clock without any */
        return luaL_error(L, "no policy stands beside the spec; name one by policy.load");
    struct spec_wait *w = calloc(1, sizeof *w);
    if (!w)
        return luaL_error(L, "out of memory");
    w->wait.cancel = wait_gone;
    w->spec = s;
    s->waiting = w;
    world_load(s->world, spec_policies(s), s->world_plugins, spec_plugins_list(&s->plugins, s->world_plugins));
    world_advance(s->world, until, moved, w);
    return script_wait(L, &w->wait, advanced_k, (lua_KContext)w);
}

static void need_world(lua_State *L)
{
    struct spec *s = spec_of(L);
    struct world_options o = {.v2beta1 = true};
    if (s->world)
        return;
    make_world(L, &o);
    s->version = "v2beta1";
    s->training = false;
}

static int l_settle(lua_State *L)
{
    need_world(L);
    return wait_until(L, INT64_MIN);
}

/* advance(seconds since 1970) */
static int l_advance(lua_State *L)
{
    double until = luaL_checknumber(L, 1);
    luaL_argcheck(L, until > 0 && until < 2.5e11, 1, "an instant expected");
    need_world(L);
    return wait_until(L, (int64_t)(until * 1e6));
}

static int l_run_policy(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    struct error *err = lua_newuserdatauv(L, sizeof *err, 0);
    if (engine_trigger(world_engine(check_world(L)), name, err))
        return luaL_error(L, "%s", err->message);
    return 0;
}

/* ---- the cluster ---- */

/* A text of malloc as an error. */
static int fail(lua_State *L, char *problem)
{
    lua_pushstring(L, problem);
    free(problem);
    return luaL_error(L, "%s", lua_tostring(L, -1));
}

/* Seconds to microseconds: -1 chance decides, -2 never. */
static int64_t planned(lua_State *L, int index)
{
    double seconds = luaL_checknumber(L, index);
    if (seconds < 0 || seconds > 1e11)
        return seconds == -1 ? LIFE_CHANCE : LIFE_NEVER;
    return (int64_t)(seconds * 1e6);
}

/* place(json, starts, ends, outcome) */
static int l_place(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    struct life_plan plan = {.start_us = planned(L, 2), .run_us = planned(L, 3)};
    const char *outcome = luaL_checkstring(L, 4);
    luaL_argcheck(L, strlen(outcome) < sizeof plan.outcome, 4, "an outcome expected");
    memcpy(plan.outcome, outcome, strlen(outcome) + 1);
    script_work(L, len * 10);
    char *problem = sim_place(world_sim(check_world(L)), text, len, &plan);
    return problem ? fail(L, problem) : 0;
}

/* ask(method, path [, body]): status, text */
static int l_ask(lua_State *L)
{
    size_t len = 0;
    const char *method = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
    const char *body = luaL_optlstring(L, 3, "", &len);
    struct sim_response response;
    script_work(L, 10000);
    world_ask(check_world(L), method, path, str_n(body, len), &response);
    script_work(L, response.body.len);
    lua_pushinteger(L, response.status);
    lua_pushlstring(L, response.body.ptr ? response.body.ptr : "", response.body.len);
    sim_response_free(&response);
    return 2;
}

static int l_faults(lua_State *L)
{
    char *problem = sim_faults_add(world_sim(check_world(L)), luaL_checkstring(L, 1));
    return problem ? fail(L, problem) : 0;
}

static int l_forbid(lua_State *L)
{
    struct world *w = check_world(L);
    if (wire_forbid(world_wire(w), luaL_optstring(L, 1, NULL), luaL_optstring(L, 2, NULL), luaL_optstring(L, 3, NULL)))
        return luaL_error(L, "out of memory");
    return 0;
}

/* stub(json) */
static int l_stub(lua_State *L)
{
    struct json stub;
    struct str text;
    text.ptr = luaL_checklstring(L, 1, &text.len);
    script_work(L, text.len * 4);
    if (!spec_of(L)->running)
        return luaL_error(L, "stubs are a test's own: they stand within one, or in before_each");
    if (json_parse(text, "a stub", &stub, NULL) || stand_in_add(&spec_of(L)->stand_in, stub, NULL))
        return luaL_error(L, "out of memory");
    return 0;
}

/* The first request that nothing stood in for, told once; nil: each had an answer. */
static int l_unanswered(lua_State *L)
{
    struct stand_in *in = &spec_of(L)->stand_in;
    if (!in->unanswered)
        return 0;
    lua_pushstring(L, in->unanswered);
    free(in->unanswered);
    in->unanswered = NULL;
    return 1;
}

static int l_allow(lua_State *L)
{
    wire_allow(world_wire(check_world(L)));
    return 0;
}

/* ---- what happened ---- */

static int l_records(lua_State *L)
{
    struct world *w = check_world(L);
    size_t n = world_records(w);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        struct json root;
        struct str text = world_record(w, i);
        script_work(L, text.len * 4);
        if (json_parse(text, "", &root, NULL))
            return luaL_error(L, "out of memory");
        lua_json_push(L, root);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

void native_open_world(lua_State *L)
{
    static const luaL_Reg functions[] = {{"open", l_open},
                                         {"opened", l_opened},
                                         {"version", l_version},
                                         {"fresh_name", l_fresh_name},
                                         {"now", l_now},
                                         {"begin", l_begin},
                                         {"settle", l_settle},
                                         {"advance", l_advance},
                                         {"run_policy", l_run_policy},
                                         {"place", l_place},
                                         {"ask", l_ask},
                                         {"faults", l_faults},
                                         {"forbid", l_forbid},
                                         {"allow", l_allow},
                                         {"stub", l_stub},
                                         {"unanswered", l_unanswered},
                                         {"records", l_records},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
