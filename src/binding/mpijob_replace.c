/* mpijob.replace(target, changes [, options]) and mpijob.replace_object(object [, options]). */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/mpijob.h"
#include "binding/pending.h"
#include "binding/values.h"
#include "policy/lua_changes.h"
#include "policy/lua_json.h"
#include "time/duration.h"

#define WHOLE_MAX (8 * 1024 * 1024) /* no server takes an object of more than 3 MiB */

struct replacing {
    struct pending pending;
    struct site *site;
    enum mpijob_kind kind;
    struct run_op *op;
    struct mpijob_changes changes;
    struct buf whole; /* of replace_object */
    struct error err; /* code 0: none */
    bool changed, dry_run, computed;
    enum mpijob_effect effect;
    enum effect_seen seen;
    uint64_t after_ms;
    char why[512], resource_version[64], note[512];
    struct buf diff, launcher, warnings; /* JSON arrays; launcher: empty where it was not changed */
    char *fresh; /* the object after a conflict; of replace_object: as the server gave it back */
    size_t fresh_len;
};

static void keep_warnings(struct replacing *r, const char *const *warnings)
{
    struct json_writer w;
    json_writer_init(&w, &r->warnings);
    json_write_array(&w);
    for (; *warnings; warnings++)
        json_write_string(&w, *warnings);
    json_write_end(&w);
}

static void replaced(void *data, const struct replace_result *result, const struct error *err)
{
    struct replacing *r = data;
    r->op = NULL;
    if (err)
        r->err = *err;
    r->changed = result->changed;
    r->dry_run = result->dry_run;
    r->effect = result->effect;
    r->seen = result->seen;
    r->after_ms = result->after_ms;
    snprintf(r->note, sizeof r->note, "%s", result->seen_note ? result->seen_note : "");
    snprintf(r->why, sizeof r->why, "%s", result->why ? result->why : "");
    snprintf(r->resource_version, sizeof r->resource_version, "%s",
             result->resource_version ? result->resource_version : "");
    mpijob_diff_json(result->diff, &r->diff);
    if (result->launcher->count)
        mpijob_diff_json(result->launcher, &r->launcher);
    keep_warnings(r, result->warnings);
    bool conflict = err && err->code == ERR_CONFLICT && r->computed;
    if ((conflict || (!err && r->whole.len)) && result->object.len) {
        r->fresh = str_dup(result->object);
        r->fresh_len = result->object.len;
    }
    pending_finish(&r->pending);
}

static void abort_replace(struct pending *p)
{
    struct replacing *r = (struct replacing *)p;
    struct run_op *op = r->op;
    r->op = NULL;
    run_op_detach(op); /* `replaced` is not called any more; the run waits for the replacement's end */
    pending_finish(p);
}

static void release_replace(struct pending *p)
{
    struct replacing *r = (struct replacing *)p;
    mpijob_changes_free(&r->changes);
    buf_free(&r->whole);
    buf_free(&r->diff);
    buf_free(&r->launcher);
    buf_free(&r->warnings);
    free(r->fresh);
}

static void push_json(lua_State *L, const struct buf *text)
{
    struct json root;
    if (text->len && json_parse(buf_str(text), "the result", &root, NULL) == 0)
        lua_json_push(L, root);
    else
        lua_newtable(L);
}

static int push_result(lua_State *L, const struct replacing *r)
{
    lua_createtable(L, 0, 8);
    lua_pushboolean(L, r->changed);
    lua_setfield(L, -2, "changed");
    lua_pushboolean(L, r->dry_run);
    lua_setfield(L, -2, "dry_run");
    lua_pushstring(L, mpijob_effect_name(r->effect));
    lua_setfield(L, -2, "effect");
    lua_pushstring(L, r->why);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, r->resource_version);
    lua_setfield(L, -2, "resourceVersion");
    push_json(L, &r->diff);
    lua_setfield(L, -2, "diff");
    if (r->seen == EFFECT_SEEN || r->seen == EFFECT_NOT_SEEN) {
        lua_pushboolean(L, r->seen == EFFECT_SEEN);
        lua_setfield(L, -2, "effect_seen");
        lua_pushnumber(L, (lua_Number)r->after_ms / 1000);
        lua_setfield(L, -2, "effect_after");
    }
    if (*r->note) {
        lua_pushstring(L, r->note);
        lua_setfield(L, -2, "effect_message");
    }
    if (r->launcher.len) {
        push_json(L, &r->launcher);
        lua_setfield(L, -2, "launcher");
    }
    push_json(L, &r->warnings);
    lua_setfield(L, -2, "warnings");
    if (r->fresh) {
        lua_pushlstring(L, r->fresh, r->fresh_len);
        lua_setfield(L, -2, "object");
    }
    return 1;
}

static int replace_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct replacing *r = (struct replacing *)ctx;
    int n = r->err.code ? push_failure(L, &r->err) : push_result(L, r);
    if (r->err.code && r->fresh) { /* the changes are computed from the job: the caller looks again */
        lua_job_push(L, str_n(r->fresh, r->fresh_len), r->site->cluster, r->kind, r->site->clock);
        n++;
    }
    pending_over(&r->pending);
    return n;
}

/* "30s", or a whole number of seconds; as milliseconds. */
static uint64_t option_wait(lua_State *L, int index)
{
    struct error err;
    int64_t us = 0, seconds;
    if (lua_isnoneornil(L, index))
        return 0;
    lua_getfield(L, index, "wait_effect");
    if (lua_whole(L, -1, &seconds) && seconds > 0 && seconds <= 86400)
        us = seconds * CLOCK_SECOND;
    else if (lua_type(L, -1) == LUA_TSTRING && duration_parse(lua_tostring(L, -1), &us, &err))
        luaL_error(L, "option wait_effect: %s", err.message);
    else if (!lua_isnil(L, -1) && !us)
        luaL_error(L, "option wait_effect has to be a duration such as \"30s\"");
    lua_pop(L, 1);
    return (uint64_t)(us / 1000);
}

static int start(lua_State *L, struct replacing *r, struct replace_call *call, int options, struct run *run)
{
    call->dry_run = option_bool(L, options, "dry_run");
    call->destructive = option_bool(L, options, "destructive");
    call->through_launcher = option_bool(L, options, "through_launcher");
    call->wait_effect_ms = option_wait(L, options);
    call->resource_version = option_string(L, options, "resourceVersion");
    r->site = run->site;
    call->kind = r->kind;
    call->done = replaced;
    call->data = r;
    /* A version that was asked for is no ground to look again. */
    call->computed = r->computed = r->computed && !call->resource_version;
    if (run_replace(run, call, &r->op, &r->err))
        return push_failure(L, &r->err);
    return pending_wait(L, &r->pending, replace_k);
}

static const char *const option_names[] = {"dry_run",          "resourceVersion", "destructive",
                                           "through_launcher", "wait_effect",     NULL};
static const char *const whole_option_names[] = {"dry_run", "resourceVersion", "destructive", "wait_effect", NULL};

static int computed_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* replace(target, changes, options). Changes that are a function are lua/mpijobd/mpijob.lua's (the second upvalue). */
int l_mpijob_replace(lua_State *L)
{
    lua_settop(L, 3);
    if (!lua_isfunction(L, 2)) {
        lua_pushboolean(L, 0);
        return l_mpijob_replace_once(L);
    }
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_callk(L, 3, LUA_MULTRET, 0, computed_k);
    return computed_k(L, LUA_OK, 0);
}

/* replace(target, changes, options, computed). computed: the changes follow from the job; after a conflict the fresh
 * job is the third result */
int l_mpijob_replace_once(lua_State *L)
{
    struct target target;
    lua_settop(L, 4);
    char call_name[MODULE_CALL_MAX];
    enum mpijob_kind kind = module_kind(L);
    struct run *run = check_run(L, module_call(kind, "replace", call_name));
    check_target(L, 1, kind, &target);
    check_options(L, 3, option_names);
    struct replacing *r = pending_new(L, sizeof *r, abort_replace, release_replace);
    r->kind = kind;
    if (lua_changes_read(L, 2, &r->changes, &r->err))
        return luaL_error(L, "%s: %s", call_name, r->err.message);
    r->computed = lua_toboolean(L, 4);
    struct replace_call call = {
        .name_space = target.name_space,
        .name = target.name,
        .object = target.job ? str_n(target.job->bytes, target.job->len) : str_n(NULL, 0),
        .changes = &r->changes,
    };
    return start(L, r, &call, 3, run);
}

/* replace_object(JSON string, table or job [, options]): the plain API call. */
int l_mpijob_replace_object(lua_State *L)
{
    char name_space[256], name[256];
    size_t len;
    lua_settop(L, 2);
    char call_name[MODULE_CALL_MAX];
    enum mpijob_kind kind = module_kind(L);
    struct run *run = check_run(L, module_call(kind, "replace_object", call_name));
    check_options(L, 2, whole_option_names);
    struct replacing *r = pending_new(L, sizeof *r, abort_replace, release_replace);
    struct lua_job *job = lua_job_at(L, 1);
    r->kind = kind;
    check_kind(L, 1, kind);
    buf_init(&r->whole, WHOLE_MAX);
    if (lua_type(L, 1) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, 1, &len);
        buf_add(&r->whole, text, len);
    } else if (job) {
        buf_add(&r->whole, job->bytes, job->len);
    } else if (!lua_istable(L, 1)) {
        return luaL_argerror(L, 1, "an object expected: JSON text, a table or a job");
    } else if (lua_json_read_long(L, 1, &r->whole, &r->err)) {
        return luaL_error(L, "%s: %s", call_name, r->err.message);
    }
    struct json root;
    if (buf_result(&r->whole, "the object", &r->err) || json_parse(buf_str(&r->whole), "the object", &root, &r->err))
        return luaL_error(L, "%s: %s", call_name, r->err.message);
    if (json_string_at(root, "/metadata/name", name, sizeof name))
        return luaL_error(L, "%s: the object has no metadata.name", call_name);
    if (json_string_at(root, "/metadata/namespace", name_space, sizeof name_space))
        snprintf(name_space, sizeof name_space, "%s", cluster_namespace(run->site->cluster));
    struct replace_call call = {.name_space = name_space, .name = name, .whole = buf_str(&r->whole)};
    return start(L, r, &call, 2, run);
}
