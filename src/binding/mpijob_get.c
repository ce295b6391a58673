/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.get(key): the job, or nil and an error. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/mpijob.h"
#include "record/record.h"
#include "run/run.h"

struct get {
    struct pending pending;
    struct run *run;
    struct site *site;
    const struct mpijob_kind *kind;
    struct kube_request *request;
    struct target target;
    struct cluster_wait wait; /* for another version, where the one in the path is not served any more */
    enum mpijob_version version;
    bool moved;
    struct error err; /* code 0: none */
    char *object;
    size_t len;
};

static int ask(struct get *g, struct error *err);

static void looked(struct cluster_wait *wait, bool moved)
{
    struct get *g = wait->data;
    struct error err;
    if (moved) {
        error_clear(&g->err);
        if (ask(g, &g->err) == 0)
            return;
    } else if (cluster_serves(g->site->cluster, g->kind, &err)) {
        g->err = err;
    }
    pending_finish(&g->pending);
}

static void got(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                bool lost)
{
    (void)lost;
    struct get *g = data;
    g->request = NULL;
    if (err)
        g->err = *err;
    else if (answer && !(g->object = kube_answer_take(request, &g->len)))
        error_nomem(&g->err);
    if (g->err.no_path && !g->moved && g->pending.guard) {
        g->moved = true;
        g->wait = (struct cluster_wait){.found = looked, .data = g};
        cluster_lost(g->site->cluster, g->kind, g->version, &g->wait);
        return;
    }
    pending_finish(&g->pending);
}

static int ask(struct get *g, struct error *err)
{
    g->version = cluster_target(g->site->cluster, g->kind).version;
    struct kube_call call = {.resource = cluster_resource(g->site->cluster, g->kind),
                             .name_space = g->target.name_space,
                             .name = g->target.name,
                             .seat = run_seat(g->run),
                             .done = got,
                             .data = g};
    int rc = cluster_serves(g->site->cluster, g->kind, err);
    return rc ? rc : kube_get(cluster_kube(g->site->cluster), &call, &g->request, err);
}

static void abort_get(struct pending *p)
{
    struct get *g = (struct get *)p;
    if (g->request) {
        kube_cancel(g->request);
        return;
    }
    cluster_wait_cancel(g->site->cluster, &g->wait);
    pending_finish(p);
}

static void release_get(struct pending *p)
{
    free(((struct get *)p)->object);
}

static int get_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct get *g = (struct get *)ctx;
    int n = 1;
    char key[sizeof g->target.name_space + sizeof g->target.name];
    snprintf(key, sizeof key, "%s/%s", g->target.name_space, g->target.name);
    recording_read(g->run->recording, key, str_n(g->object, g->len), false, g->err.code ? &g->err : NULL);
    if (g->err.code)
        n = push_failure(L, &g->err);
    else
        lua_job_push(L, str_n(g->object, g->len), g->site->cluster, g->kind, g->site->clock);
    pending_over(&g->pending);
    return n;
}

int l_mpijob_get(lua_State *L)
{
    struct target target;
    const struct mpijob_kind *kind = module_kind(L);
    char call_name[MODULE_CALL_MAX];
    struct run *run = check_run(L, module_call(kind, "get", call_name));
    check_target(L, 1, kind, &target);
    struct get *g = pending_new(L, sizeof *g, abort_get, release_get);
    g->run = run;
    g->site = run->site;
    g->kind = kind;
    g->target = target;
    if (ask(g, &g->err))
        return push_failure(L, &g->err);
    return pending_wait(L, &g->pending, get_k);
}
