/* mpijob.get(key): the job, or nil and an error. */
#include <lauxlib.h>
#include <stdlib.h>

#include "binding/mpijob.h"
#include "binding/pending.h"
#include "binding/values.h"

struct get {
    struct pending pending;
    struct engine_cluster *at;
    enum mpijob_kind kind;
    struct kube_request *request;
    struct error err; /* code 0: none */
    char *object;
    size_t len;
};

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
    pending_finish(&g->pending);
}

static void abort_get(struct pending *p)
{
    kube_cancel(((struct get *)p)->request);
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
    if (g->err.code)
        n = push_failure(L, &g->err);
    else
        lua_job_push(L, str_n(g->object, g->len), g->at->cluster, g->kind, g->at->engine->o.clock);
    pending_over(&g->pending);
    return n;
}

int l_mpijob_get(lua_State *L)
{
    struct target target;
    struct run *run = check_run(L, "mpijob.get");
    check_target(L, 1, &target);
    struct get *g = pending_new(L, sizeof *g, abort_get, release_get);
    g->at = run->at;
    g->kind = KIND_MPIJOB;
    if (kube_get(cluster_kube(g->at->cluster), cluster_resource(g->at->cluster, g->kind), target.name_space,
                 target.name, got, g, &g->request, &g->err))
        return push_failure(L, &g->err);
    return pending_wait(L, &g->pending, get_k);
}
