/* SPDX-License-Identifier: Apache-2.0 */
/* mpijob.pods and mpijob.launcher: what a job owns, as tables. Its pods are found by the label that its controller
 * gives them, and those of another job of the same name are left out; its launcher is found by its name. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

#include "binding/base/pending.h"
#include "binding/base/values.h"
#include "binding/lua_read.h"
#include "binding/mpijob.h"
#include "mpijob/effect/child.h"
#include "mpijob/pods.h"
#include "policy/values/lua_json.h"
#include "json/value.h"

struct listing_pods {
    struct pending pending;
    struct site *site;
    struct target target;
    char uid[64]; /* "": not known */
    const char *const *labels;
    struct kube_list *list;
    struct buf pods; /* "[{...},{...}" */
    struct error err;
};

static void release(struct pending *p)
{
    buf_free(&((struct listing_pods *)p)->pods);
}

static void give_up(struct pending *p)
{
    struct listing_pods *l = (struct listing_pods *)p;
    if (l->list)
        kube_list_cancel(l->list);
    l->list = NULL;
    pending_finish(p);
}

/* The pod is owned by another job of the same name. A launcher's pod is owned by its Job, and counts. */
static bool is_anothers(const struct listing_pods *l, struct json pod)
{
    for (struct json_iter it = json_iter(json_at(pod, "/metadata/ownerReferences")); json_next(&it);) {
        char version[64];
        json_string_at(it.value, "/apiVersion", version, sizeof version);
        bool group = str_starts(str_of(version), MPIJOB_GROUP "/");
        if (group && *l->uid && !json_string_is(json_get(it.value, "uid"), str_of(l->uid)))
            return true;
    }
    return false;
}

static bool item(void *data, struct json pod)
{
    struct listing_pods *l = data;
    if (!is_anothers(l, pod)) {
        buf_putc(&l->pods, l->pods.len ? ',' : '[');
        buf_add_str(&l->pods, pod.text);
    }
    return true;
}

static void restarted(void *data)
{
    buf_reset(&((struct listing_pods *)data)->pods);
}

static int ask(struct listing_pods *l);

static void done(void *data, const char *resource_version, const struct error *err)
{
    struct listing_pods *l = data;
    (void)resource_version;
    l->list = NULL;
    if (err)
        l->err = *err;
    else if (!l->pods.len && *++l->labels && ask(l) == 0)
        return; /* the other controller's label */
    pending_finish(&l->pending);
}

static int ask(struct listing_pods *l)
{
    static const struct kube_resource pods = {"", "v1", "pods"};
    char selector[400];
    snprintf(selector, sizeof selector, "%s=%.253s", *l->labels, l->target.name);
    struct kube_query query = {.label_selector = selector};
    struct kube_list_call call = {.resource = &pods,
                                  .name_space = l->target.name_space,
                                  .query = &query,
                                  .item = item,
                                  .restarted = restarted,
                                  .done = done,
                                  .data = l};
    return kube_list(cluster_kube(l->site->cluster), &call, &l->list, &l->err);
}

static int pods_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    struct listing_pods *l = (struct listing_pods *)ctx;
    struct json root;
    int n = 1;
    if (!l->pods.len)
        buf_putc(&l->pods, '[');
    buf_putc(&l->pods, ']');
    if (!l->err.code && !buf_result(&l->pods, "the pods", &l->err) &&
        !json_parse(buf_str(&l->pods), "the pods", &root, &l->err))
        lua_json_push(L, root);
    else
        n = push_failure(L, &l->err);
    pending_over(&l->pending);
    return n;
}

int l_mpijob_pods(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    struct target target;
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 1);
    struct run *run = check_run(L, module_call(kind, "pods", call));
    check_target(L, 1, kind, &target);
    struct listing_pods *l = pending_new(L, sizeof *l, give_up, release);
    l->site = run->site;
    l->target = target;
    if (target.job)
        snprintf(l->uid, sizeof l->uid, "%.*s", (int)target.job->view.uid.len, target.job->view.uid.ptr);
    l->target.job = NULL; /* Lua may collect it while this waits */
    struct mpijob_target jobs = cluster_target(run->site->cluster, kind);
    l->labels = mpijob_pod_labels(jobs);
    if (!*l->labels ? mpijob_pods_unknown(jobs, &l->err) : ask(l))
        return push_failure(L, &l->err);
    return pending_wait(L, &l->pending, pods_k);
}

int l_mpijob_launcher(lua_State *L)
{
    char call[MODULE_CALL_MAX];
    struct target target;
    const struct mpijob_kind *kind = module_kind(L);
    lua_settop(L, 1);
    module_call(kind, "launcher", call);
    struct run *run = check_run(L, call);
    check_target(L, 1, kind, &target);
    if (mpijob_kind_info(kind)->child != CHILD_LAUNCHER)
        return luaL_error(L, "%s: only MPIJobs have a launcher", call);
    struct mpijob_target jobs = cluster_target(run->site->cluster, kind);
    const struct mpijob_child *child = mpijob_child_of(jobs);
    if (!child)
        return luaL_error(L, "%s: it is not known here what launches MPIJobs of %s", call,
                          mpijob_version_name(jobs.version));
    struct lua_read *g = lua_read_new(L, call);
    g->resource = (struct kube_resource){child->group, child->version, child->plural};
    snprintf(g->name_space, sizeof g->name_space, "%s", target.name_space);
    snprintf(g->name, sizeof g->name, "%.200s%s", target.name, child->suffix);
    return lua_read_go(L, g);
}
