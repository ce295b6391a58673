/* SPDX-License-Identifier: Apache-2.0 */
/* A read of a script that waits: looks the kind up where it has to, asks, and hands the object to the script. */
#include "binding/lua_read.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube/kinds/kinds.h"
#include "kube/verbs.h"
#include "policy/values/lua_json.h"
#include "record/record.h"

static void release(struct pending *p)
{
    struct lua_read *g = (struct lua_read *)p;
    free(g->api_version);
    free(g->kind_name);
    buf_free(&g->object);
}

static void give_up(struct pending *p)
{
    struct lua_read *g = (struct lua_read *)p;
    if (g->look)
        kube_kinds_cancel(g->look);
    else
        kube_cancel(g->request);
}

struct lua_read *lua_read_new(lua_State *L, const char *call)
{
    struct run *run = check_run(L, call);
    struct lua_read *g = pending_new(L, sizeof *g, give_up, release);
    g->run = run;
    return g;
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)request;
    (void)lost;
    struct lua_read *g = data;
    g->request = NULL;
    if (err)
        g->err = *err;
    else
        buf_add_str(&g->object, answer->body.text);
    if (g->object.failed)
        error_nomem(&g->err);
    pending_finish(&g->pending);
}

static int ask(struct lua_read *g, const struct kube_resource *resource, const char *kind, bool namespaced)
{
    if (!namespaced && g->named_space)
        return error_set(&g->err, ERR_INVALID, "%s is in no namespace; leave \"%s\" out", kind, g->name_space);
    if (!namespaced)
        *g->name_space = '\0';
    snprintf(g->resource_name, sizeof g->resource_name, "%s%s%s", resource->plural, *resource->group ? "." : "",
             resource->group);
    g->secret = kube_is_secret(resource);
    struct kube_call call = {
        .resource = resource, .name_space = namespaced ? g->name_space : NULL, .name = g->name, .done = got, .data = g};
    call.seat = run_seat(g->run);
    return kube_get(cluster_kube(g->run->site->cluster), &call, &g->request, &g->err);
}

static void found(void *data, const struct kube_kind *kind, const struct error *err)
{
    struct lua_read *g = data;
    g->look = NULL;
    if (err)
        g->err = *err;
    else if (!g->pending.guard)
        error_set(&g->err, ERR_CANCELLED, "given up");
    if (g->err.code || ask(g, &kind->resource, kind->kind, kind->namespaced))
        pending_finish(&g->pending);
}

static void record(const struct lua_read *g)
{
    char key[sizeof g->resource_name + sizeof g->name_space + sizeof g->name];
    snprintf(key, sizeof key, "%s %s%s%s", g->resource_name, g->name_space, *g->name_space ? "/" : "", g->name);
    recording_read(g->run->recording, key, buf_str(&g->object), g->secret, g->err.code ? &g->err : NULL);
}

static int result_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct lua_read *g = (struct lua_read *)ctx;
    struct json root;
    int n = 1;
    if (*g->resource_name)
        record(g);
    if (!g->err.code && json_parse(buf_str(&g->object), "the answer", &root, &g->err) == 0)
        lua_json_push(L, root);
    else
        n = push_failure(L, &g->err);
    pending_over(&g->pending);
    return n;
}

int lua_read_go(lua_State *L, struct lua_read *g)
{
    int rc;
    if (g->resource.plural) {
        rc = ask(g, &g->resource, "", true);
    } else {
        struct kube_kinds *kinds = cluster_kinds(g->run->site->cluster);
        const struct kube_kind *kind = kinds ? kube_kinds_known(kinds, g->api_version, g->kind_name) : NULL;
        if (!kinds)
            return luaL_error(L, "not enough memory");
        rc = kind ? ask(g, &kind->resource, kind->kind, kind->namespaced)
                  : kube_kinds_look(kinds, g->api_version, g->kind_name, found, g, &g->look, &g->err);
    }
    if (rc)
        return push_failure(L, &g->err);
    return pending_wait(L, &g->pending, result_k);
}
