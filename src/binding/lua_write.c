#include "binding/lua_write.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "kube/kinds.h"
#include "mpijob/kind.h"
#include "policy/lua_json.h"
#include "json/write.h"

const char *const lua_write_patch_options[] = {"dry_run", "resourceVersion", "destructive", NULL};
const char *const lua_write_create_options[] = {"dry_run", NULL};
const char *const lua_write_delete_options[] = {"dry_run", "resourceVersion", "propagationPolicy", NULL};

/* ---- life ---- */

static void release(struct pending *p)
{
    struct lua_write *v = (struct lua_write *)p;
    free(v->api_version);
    free(v->kind_name);
    free(v->wanted_version);
    buf_free(&v->body);
    buf_free(&v->at_hand);
    buf_free(&v->diff);
    buf_free(&v->warnings);
    buf_free(&v->object);
}

static void give_up(struct pending *p)
{
    struct lua_write *v = (struct lua_write *)p;
    if (v->look) {
        kube_kinds_cancel(v->look); /* its end comes */
        return;
    }
    struct run_verb *op = v->op;
    v->op = NULL;
    run_verb_detach(op); /* the run waits for its end */
    pending_finish(p);
}

struct lua_write *lua_write_new(lua_State *L, const char *call, enum write_verb verb)
{
    struct run *run = check_run(L, call);
    struct lua_write *v = pending_new(L, sizeof *v, give_up, release);
    v->run = run;
    v->verb = verb;
    buf_init(&v->body, LUA_WRITE_MAX);
    return v;
}

struct lua_write *lua_write_of_job(lua_State *L, const char *call, enum write_verb verb, enum mpijob_kind kind)
{
    struct target target;
    check_run(L, call);
    check_target(L, 1, kind, &target);
    struct lua_write *v = lua_write_new(L, call, verb);
    v->ours = true;
    v->kind = kind;
    snprintf(v->name_space, sizeof v->name_space, "%s", target.name_space);
    snprintf(v->name, sizeof v->name, "%s", target.name);
    if (target.job)
        buf_add(&v->at_hand, target.job->bytes, target.job->len);
    return v;
}

/* ---- arguments ---- */

void lua_write_options(lua_State *L, struct lua_write *v, int index, const char *const *names)
{
    static const char *const policies[] = {"Background", "Foreground", "Orphan", NULL};
    check_options(L, index, names);
    v->dry_run = option_bool(L, index, "dry_run");
    v->destructive = option_bool(L, index, "destructive");
    const char *version = option_string(L, index, "resourceVersion");
    const char *propagation = option_string(L, index, "propagationPolicy");
    if (version && !(v->wanted_version = str_dup(str_of(version))))
        luaL_error(L, "not enough memory");
    for (int i = 0; propagation && policies[i]; i++) {
        if (strcmp(policies[i], propagation) == 0)
            v->propagation = policies[i];
    }
    if (propagation && !v->propagation)
        luaL_error(L, "option propagationPolicy has to be \"Background\", \"Foreground\" or \"Orphan\"");
}

void lua_write_body(lua_State *L, struct lua_write *v, int index, const char *call)
{
    size_t len;
    struct json root;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &len);
        buf_add(&v->body, text, len);
    } else if (!lua_istable(L, index)) {
        luaL_argerror(L, index, "a table or JSON text expected");
    } else if (lua_json_read_long(L, index, &v->body, &v->err)) {
        luaL_error(L, "%s: %s", call, v->err.message);
    }
    if (buf_result(&v->body, "the body", &v->err) || json_parse(buf_str(&v->body), "the body", &root, &v->err))
        luaL_error(L, "%s: %s", call, v->err.message);
    v->json_patch = json_type(root) == JSON_ARRAY;
    if (json_type(root) != JSON_OBJECT && !(v->json_patch && v->verb == WRITE_PATCH))
        luaL_error(L, "%s: %s is neither a table of members nor, for a patch, a list of steps", call,
                   json_type_name(json_type(root)));
}

void lua_write_named_by_body(lua_State *L, struct lua_write *v, const char *call, bool may_be_made)
{
    struct json root;
    char made[256];
    json_parse(buf_str(&v->body), "the body", &root, &v->err);
    bool named = json_string_at(root, "/metadata/name", v->name, sizeof v->name) == 0;
    if (!named && !(may_be_made && json_string_at(root, "/metadata/generateName", made, sizeof made) == 0))
        luaL_error(L, "%s: the object has no metadata.name%s", call, may_be_made ? " and no generateName" : "");
    if (!named)
        *v->name = '\0'; /* the server makes it */
    v->named_space = json_string_at(root, "/metadata/namespace", v->name_space, sizeof v->name_space) == 0;
    if (!v->named_space)
        snprintf(v->name_space, sizeof v->name_space, "%s", cluster_namespace(v->run->site->cluster));
}

void lua_write_key(lua_State *L, struct lua_write *v, int index)
{
    v->named_space = check_key(L, index, v->name_space, v->name);
}

/* ---- the result ---- */

static void over(void *data, const struct verb_result *result, const struct error *err)
{
    struct lua_write *v = data;
    v->op = NULL;
    if (err)
        v->err = *err;
    v->changed = result->changed;
    v->was_dry = result->dry_run;
    v->effect = result->effect;
    snprintf(v->why, sizeof v->why, "%s", result->why);
    mpijob_diff_json(result->diff, &v->diff);
    struct json_writer w;
    json_writer_init(&w, &v->warnings);
    json_write_array(&w);
    for (const char *const *warning = result->warnings; *warning; warning++)
        json_write_string(&w, *warning);
    json_write_end(&w);
    if (!err)
        buf_add_str(&v->object, result->object);
    pending_finish(&v->pending);
}

static void push_json(lua_State *L, const struct buf *text)
{
    struct json root;
    if (text->len && !text->failed && json_parse(buf_str(text), "the result", &root, NULL) == 0)
        lua_json_push(L, root);
    else
        lua_newtable(L);
}

static int result_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct lua_write *v = (struct lua_write *)ctx;
    struct json root;
    if (v->err.code) {
        int n = push_failure(L, &v->err);
        pending_over(&v->pending);
        return n;
    }
    bool parsed = v->object.len && json_parse(buf_str(&v->object), "the answer", &root, NULL) == 0;
    lua_createtable(L, 0, 8);
    lua_pushboolean(L, v->changed);
    lua_setfield(L, -2, "changed");
    lua_pushboolean(L, v->was_dry);
    lua_setfield(L, -2, "dry_run");
    lua_pushstring(L, mpijob_effect_name(v->effect));
    lua_setfield(L, -2, "effect");
    lua_pushstring(L, v->why);
    lua_setfield(L, -2, "message");
    push_json(L, &v->diff);
    lua_setfield(L, -2, "diff");
    push_json(L, &v->warnings);
    lua_setfield(L, -2, "warnings");
    if (parsed) {
        lua_json_push(L, json_at(root, "/metadata/resourceVersion"));
        lua_setfield(L, -2, "resourceVersion");
        lua_pushlstring(L, v->object.ptr, v->object.len);
        lua_setfield(L, -2, "object");
    }
    pending_over(&v->pending);
    return 1;
}

/* ---- the start ---- */

static int start(struct lua_write *v, const struct kube_resource *resource, const char *kind, bool namespaced,
                 const struct mpijob_target *job)
{
    if (!namespaced && v->named_space)
        return error_set(&v->err, ERR_INVALID, "%s is in no namespace; leave \"%s\" out", kind, v->name_space);
    struct verb_call call = {
        .verb = v->verb,
        .resource = *resource,
        .kind = kind,
        .job = job,
        .name_space = namespaced ? v->name_space : NULL,
        .name = v->name,
        .body = buf_str(&v->body),
        .json_patch = v->json_patch,
        .object = buf_str(&v->at_hand),
        .resource_version = v->wanted_version,
        .propagation = v->propagation,
        .dry_run = v->dry_run,
        .destructive = v->destructive,
        .done = over,
        .data = v,
    };
    return run_verb_start(v->run, &call, &v->op, &v->err);
}

static int start_ours(struct lua_write *v, enum mpijob_kind kind)
{
    struct cluster *cluster = v->run->site->cluster;
    int rc = cluster_serves(cluster, kind, &v->err);
    if (rc)
        return rc;
    struct mpijob_target target = cluster_target(cluster, kind);
    return start(v, cluster_resource(cluster, kind), mpijob_kind_info(kind)->name, true, &target);
}

/* One of our kinds by another way is judged all the same. */
static int start_kind(struct lua_write *v, const struct kube_kind *kind)
{
    enum mpijob_kind ours;
    enum mpijob_version version;
    if (strcmp(kind->resource.group, MPIJOB_GROUP) == 0 && mpijob_kind_parse(str_of(kind->kind), &ours) &&
        mpijob_version_parse(str_of(kind->resource.version), &version)) {
        struct mpijob_target target = cluster_target(v->run->site->cluster, ours);
        target.version = version;
        return start(v, &kind->resource, kind->kind, kind->namespaced, &target);
    }
    return start(v, &kind->resource, kind->kind, kind->namespaced, NULL);
}

static void found(void *data, const struct kube_kind *kind, const struct error *err)
{
    struct lua_write *v = data;
    v->look = NULL;
    if (err)
        v->err = *err;
    else if (!v->pending.guard)
        error_set(&v->err, ERR_CANCELLED, "given up");
    if (v->err.code || start_kind(v, kind))
        pending_finish(&v->pending);
}

int lua_write_go(lua_State *L, struct lua_write *v)
{
    int rc;
    if (v->ours) {
        rc = start_ours(v, v->kind);
    } else {
        struct kube_kinds *kinds = cluster_kinds(v->run->site->cluster);
        const struct kube_kind *kind = kinds ? kube_kinds_known(kinds, v->api_version, v->kind_name) : NULL;
        if (!kinds)
            return luaL_error(L, "not enough memory");
        rc = kind ? start_kind(v, kind)
                  : kube_kinds_look(kinds, v->api_version, v->kind_name, found, v, &v->look, &v->err);
    }
    if (rc)
        return push_failure(L, &v->err);
    return pending_wait(L, &v->pending, result_k);
}
