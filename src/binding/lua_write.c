/* SPDX-License-Identifier: Apache-2.0 */
/* What a script wants to change, from its arguments to the start of the change. */
#include "binding/lua_write.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/kinds/kinds.h"
#include "mpijob/kind.h"
#include "policy/values/lua_json.h"
#include "run/made_names.h"
#include "time/duration.h"
#include "json/edit.h"

const char *const lua_write_patch_options[] = {"dry_run", "resourceVersion", "destructive", NULL};
const char *const lua_write_create_options[] = {"dry_run", NULL};
const char *const lua_write_delete_options[] = {"dry_run", "resourceVersion", "propagationPolicy", "destructive", NULL};
const char *const lua_write_fields_options[] = {"dry_run",       "resourceVersion", "destructive", "through_launcher",
                                                "through_child", "wait_effect",     NULL};
const char *const lua_write_whole_options[] = {"dry_run", "resourceVersion", "destructive", "wait_effect", NULL};

/* ---- life ---- */

static void release(struct pending *p)
{
    struct lua_write *v = (struct lua_write *)p;
    free(v->api_version);
    free(v->kind_name);
    free(v->wanted_version);
    mpijob_changes_free(&v->changes);
    buf_free(&v->body);
    buf_free(&v->at_hand);
    buf_free(&v->diff);
    buf_free(&v->child);
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
    struct run_change *change = v->change;
    v->change = NULL;
    run_change_detach(change); /* the run waits for its end */
    pending_finish(p);
}

struct lua_write *lua_write_new(lua_State *L, const char *call, enum change_verb verb)
{
    struct run *run = check_may_write(L, call);
    struct lua_write *v = pending_new(L, sizeof *v, give_up, release);
    v->run = run;
    v->verb = verb;
    buf_init(&v->body, LUA_WRITE_MAX);
    return v;
}

struct lua_write *lua_write_of_job(lua_State *L, const char *call, enum change_verb verb,
                                   const struct mpijob_kind *kind)
{
    struct target target;
    check_may_write(L, call);
    check_target(L, 1, kind, &target);
    struct lua_write *v = lua_write_new(L, call, verb);
    v->ours = true;
    v->kind = v->changes.kind = kind;
    snprintf(v->name_space, sizeof v->name_space, "%s", target.name_space);
    snprintf(v->name, sizeof v->name, "%s", target.name);
    if (target.job)
        buf_add(&v->at_hand, target.job->bytes, target.job->len);
    return v;
}

/* ---- arguments ---- */

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

void lua_write_options(lua_State *L, struct lua_write *v, int index, const char *const *names)
{
    static const char *const policies[] = {"Background", "Foreground", "Orphan", NULL};
    check_options(L, index, names);
    v->dry_run = option_bool(L, index, "dry_run");
    v->destructive = option_bool(L, index, "destructive");
    v->through_child = option_bool(L, index, "through_child");
    v->through_launcher = option_bool(L, index, "through_launcher");
    v->wait_effect_ms = option_wait(L, index);
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
    struct json root = {0};
    const struct lua_job *job = lua_job_at(L, index);
    if (job) {
        buf_add(&v->body, job->bytes, job->len);
    } else if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &len);
        buf_add(&v->body, text, len);
    } else if (!lua_istable(L, index)) {
        luaL_argerror(L, index, "a table, a job or JSON text expected");
    } else if (lua_json_read_long(L, index, &v->body, &v->err)) {
        luaL_error(L, "%s: %s", call, v->err.message);
    }
    if (buf_result(&v->body, "the body", &v->err) || json_parse(buf_str(&v->body), "the body", &root, &v->err))
        luaL_error(L, "%s: %s", call, v->err.message);
    v->json_patch = json_type(root) == JSON_ARRAY;
    if (json_type(root) != JSON_OBJECT && !(v->json_patch && v->verb == CHANGE_PATCH))
        luaL_error(L, "%s: %s is neither a table of members nor, for a patch, a list of steps", call,
                   json_type_name(json_type(root)));
}

/* In place of the server, so that the name is known before anything is sent. */
static void choose_name(lua_State *L, struct lua_write *v, const char *prefix, struct json object)
{
    char name[MADE_NAME_MAX + 1];
    struct json_edits edits = {0};
    struct buf whole = BUF_INIT;
    int rc = run_make_name(v->run, prefix, object, name, &v->err);
    if (!rc) {
        json_edit_set_string(&edits, "/metadata/name", str_of(name));
        rc = json_edit_apply(&edits, object, &whole, &v->err);
    }
    json_edits_free(&edits);
    if (rc) {
        buf_free(&whole);
        luaL_error(L, "%s", v->err.message);
    }
    buf_free(&v->body);
    v->body = whole;
    snprintf(v->name, sizeof v->name, "%s", name);
    v->chosen = true;
}

void lua_write_named_by_body(lua_State *L, struct lua_write *v, const char *call, bool may_be_made)
{
    struct json root;
    char made[256];
    json_parse(buf_str(&v->body), "the body", &root, &v->err);
    bool named = json_string_at(root, "/metadata/name", v->name, sizeof v->name) == 0;
    if (!named && !(may_be_made && json_string_at(root, "/metadata/generateName", made, sizeof made) == 0))
        luaL_error(L, "%s: the object has no metadata.name%s", call, may_be_made ? " and no generateName" : "");
    v->named_space = json_string_at(root, "/metadata/namespace", v->name_space, sizeof v->name_space) == 0;
    if (!v->named_space)
        snprintf(v->name_space, sizeof v->name_space, "%s", cluster_namespace(v->run->site->cluster));
    if (!named)
        choose_name(L, v, made, root);
}

void lua_write_key(lua_State *L, struct lua_write *v, int index)
{
    v->named_space = check_key(L, index, v->name_space, v->name);
}

/* ---- the start ---- */

static void over(void *data, const struct change_result *result, const struct error *err)
{
    struct lua_write *v = data;
    v->change = NULL;
    lua_result_keep(v, result, err);
    pending_finish(&v->pending);
}

static int result_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct lua_write *v = (struct lua_write *)ctx;
    int n = lua_result_push(L, v);
    pending_over(&v->pending);
    return n;
}

static int start(struct lua_write *v, const struct kube_resource *resource, const char *kind, bool namespaced,
                 const struct mpijob_target *job)
{
    if (!namespaced && v->named_space)
        return error_set(&v->err, ERR_INVALID, "%s is in no namespace; leave \"%s\" out", kind, v->name_space);
    /* A version that was asked for is no ground to look again. */
    v->computed = v->computed && !v->wanted_version;
    struct change_call call = {
        .verb = v->verb,
        .job = job,
        .resource = *resource,
        .kind = kind,
        .name_space = namespaced ? v->name_space : NULL,
        .name = v->name,
        .object = buf_str(&v->at_hand),
        .resource_version = v->wanted_version,
        .changes = v->verb == CHANGE_FIELDS ? &v->changes : NULL,
        .body = buf_str(&v->body),
        .json_patch = v->json_patch,
        .splices = v->splices,
        .known = *v->known.why ? &v->known : NULL,
        .propagation = v->propagation,
        .computed = v->computed,
        .computed_from = *v->computed_from ? v->computed_from : NULL,
        .tries = v->tries,
        .dry_run = v->dry_run,
        .destructive = v->destructive,
        .through_child = v->through_child,
        .wait_effect_ms = v->wait_effect_ms,
        .made_before = v->chosen && v->run->goes_on,
        .done = over,
        .data = v,
    };
    return run_change_start(v->run, &call, &v->change, &v->err);
}

static int start_ours(struct lua_write *v, const struct mpijob_kind *kind)
{
    struct cluster *cluster = v->run->site->cluster;
    /* Of fields and whole objects the change itself finds out, in the version that they are of. */
    int rc = v->verb == CHANGE_FIELDS || v->verb == CHANGE_REPLACE ? 0 : cluster_serves(cluster, kind, &v->err);
    if (rc)
        return rc;
    struct mpijob_target target = cluster_target(cluster, kind);
    return start(v, cluster_resource(cluster, kind), mpijob_kind_info(kind)->name, true, &target);
}

/* One of our kinds by another way is judged all the same. */
static int start_kind(struct lua_write *v, const struct kube_kind *kind)
{
    const struct mpijob_kind *ours;
    enum mpijob_version version;
    if (mpijob_kind_parse(str_of(kind->kind), &ours) &&
        strcmp(kind->resource.group, mpijob_kind_info(ours)->group) == 0 &&
        mpijob_version_parse(str_of(kind->resource.version), &version) && mpijob_kind_has(ours, version)) {
        struct mpijob_target target = cluster_target(v->run->site->cluster, ours);
        target.version = version;
        return start(v, &kind->resource, kind->kind, kind->namespaced, &target);
    }
    if (*v->plural && strcmp(v->plural, kind->resource.plural) != 0)
        return error_set(&v->err, ERR_INVALID,
                         "the plugin calls the resource of %s \"%s\", and the server \"%s\": roles are made with the "
                         "name in the plugin, so mend its plural",
                         kind->kind, v->plural, kind->resource.plural);
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
