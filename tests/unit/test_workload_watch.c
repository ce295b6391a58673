/* SPDX-License-Identifier: Apache-2.0 */
/* The watch of Workloads: the version that the server has, what comes and goes, and an end at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cluster/cluster.h"
#include "kube_server.h"
#include "workloads/workload_watch.h"

#define GROUP(version)                                                                                                 \
    "{\"kind\":\"APIGroup\",\"name\":\"kueue.x-k8s.io\",\"versions\":[{\"groupVersion\":\"kueue.x-k8s.io/" version     \
    "\",\"version\":\"" version "\"}]}"
#define RESOURCES "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"workloads\",\"namespaced\":true}]}"
#define VERSION "{\"major\":\"1\",\"minor\":\"34\"}"
#define EVENT(type, version, active)                                                                                   \
    "{\"type\":\"" type                                                                                                \
    "\",\"object\":{\"apiVersion\":\"kueue.x-k8s.io/v1beta1\",\"kind\":\"Workload\",\"metadata\":{"                    \
    "\"namespace\":\"train\",\"name\":\"w1\",\"uid\":\"x\",\"resourceVersion\":\"" version "\",\"labels\":{"           \
    "\"kueue.x-k8s.io/"                                                                                                \
    "job-uid\":\"u1\"},\"ownerReferences\":[{\"kind\":\"MPIJob\",\"name\":\"bert\",\"uid\":\"u1\"}]},"                 \
    "\"spec\":{\"active\":" active "}}}\n"
#define LISTED                                                                                                         \
    "{\"type\":\"BOOKMARK\",\"object\":{\"apiVersion\":\"kueue.x-k8s.io/"                                              \
    "v1beta1\",\"kind\":\"Workload\",\"metadata\":{"                                                                   \
    "\"resourceVersion\":\"5\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"

struct world {
    struct kube_world kube;
    struct cluster *cluster;
    struct site site;
    struct workload_watch *watch;
    unsigned synced, changed;
    char job[64];
    bool closed, site_closed;
};

static void site_was_closed(void *data)
{
    ((struct world *)data)->site_closed = true;
}

static int begin(void **state)
{
    static struct world w;
    struct error err;
    w = (struct world){0};
    kube_world_open(&w.kube);
    struct cluster_options options = {.config = &w.kube.config, .kube = &w.kube.options};
    if (cluster_new(&w.kube.loop, &options, &w.cluster, &err))
        fail_msg("%s", err.message);
    w.site = (struct site){.loop = &w.kube.loop, .cluster = w.cluster, .closed = site_was_closed, .data = &w};
    *state = &w;
    return 0;
}

static void closed(void *data)
{
    ((struct world *)data)->closed = true;
}

static int end(void **state)
{
    struct world *w = *state;
    workload_watch_close(w->watch);
    while (w->site.open)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_true(w->site_closed);
    cluster_close(w->cluster, closed, w);
    while (!w->closed)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    kube_world_close(&w->kube);
    return 0;
}

static void changed(void *data, const struct workload_job *job)
{
    struct world *w = data;
    w->changed++;
    snprintf(w->job, sizeof w->job, "%.*s/%.*s/%.*s", (int)job->kind.len, job->kind.ptr, (int)job->name_space.len,
             job->name_space.ptr, (int)job->name.len, job->name.ptr);
}

static void synced(void *data)
{
    ((struct world *)data)->synced++;
}

static void open_watch(struct world *w, const char *const *namespaces)
{
    const struct workload_watch_call call = {
        .site = &w->site, .namespaces = namespaces, .changed = changed, .synced = synced, .data = w};
    assert_int_equal(workload_watch_open(&call, &w->watch, NULL), 0);
}

static void push(struct world *w, const char *text)
{
    while (!scripted_streaming(w->kube.server))
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    scripted_push(w->kube.server, text, strlen(text));
}

static enum workload_seen find(const struct world *w, struct listed_workload *out)
{
    return workload_watch_find(w->watch, str_of("train"), str_of("u1"), out);
}

static void follows_the_version_that_there_is(void **state)
{
    struct world *w = *state;
    struct listed_workload found;
    scripted_reply(w->kube.server, 200, "", GROUP("v1beta1"));
    scripted_reply(w->kube.server, 200, "", RESOURCES);
    scripted_reply(w->kube.server, 200, "", VERSION);
    scripted_stream(w->kube.server);
    open_watch(w, NULL);
    assert_int_equal(find(w, &found), WORKLOAD_UNSEEN);
    push(w, EVENT("ADDED", "4", "true"));
    push(w, LISTED);
    while (!w->synced)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_non_null(strstr(scripted_request(w->kube.server, 3), "GET /apis/kueue.x-k8s.io/v1beta1/workloads?"));
    assert_non_null(strstr(scripted_request(w->kube.server, 3), "labelSelector=kueue.x-k8s.io%2Fjob-uid"));
    assert_int_equal(w->changed, 0); /* what a first list has is told by `synced` */
    assert_int_equal(find(w, &found), WORKLOAD_FOUND);
    assert_int_equal(found.state, KUEUE_WAITING);
    push(w, EVENT("MODIFIED", "6", "true")); /* nothing that counts */
    push(w, EVENT("MODIFIED", "7", "false"));
    while (!w->changed)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_string_equal(w->job, "MPIJob/train/bert");
    assert_int_equal(find(w, &found), WORKLOAD_FOUND);
    assert_int_equal(found.state, KUEUE_STOPPED);
    push(w, EVENT("DELETED", "8", "false"));
    while (w->changed < 2)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_int_equal(find(w, &found), WORKLOAD_NONE);
    assert_true(workload_watch_is_of(w->watch, NULL));
    struct workload_watch_stats stats;
    workload_watch_stats(w->watch, &stats);
    assert_int_equal(stats.bytes, 0);
}

static void a_server_may_have_no_kueue(void **state)
{
    struct world *w = *state;
    struct listed_workload found;
    static const char *const train[] = {"train", NULL}, *const other[] = {"other", NULL};
    scripted_reply(w->kube.server, 404, "", "{\"kind\":\"Status\",\"code\":404}");
    open_watch(w, train);
    while (!workload_watch_scope(w->watch, 0).trouble)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_int_equal(find(w, &found), WORKLOAD_NO_KUEUE);
    assert_true(workload_watch_is_of(w->watch, train));
    assert_false(workload_watch_is_of(w->watch, other));
    assert_false(workload_watch_is_of(w->watch, NULL));
}

static void a_version_may_be_unknown(void **state)
{
    struct world *w = *state;
    scripted_reply(w->kube.server, 200, "", GROUP("v1"));
    scripted_reply(w->kube.server, 200, "", RESOURCES);
    open_watch(w, NULL);
    while (!workload_watch_scope(w->watch, 0).trouble)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_non_null(strstr(workload_watch_scope(w->watch, 0).trouble->message, "in v1, and not in v1beta2 or v1beta1"));
}

/* The request for the version, or the stream, is under way. */
static void ends_at_once(void **state)
{
    struct world *w = *state;
    scripted_act(w->kube.server, SCRIPTED_SILENT);
    open_watch(w, NULL);
}

static void ends_in_its_list(void **state)
{
    struct world *w = *state;
    scripted_reply(w->kube.server, 200, "", GROUP("v1beta2"));
    scripted_reply(w->kube.server, 200, "", RESOURCES);
    scripted_reply(w->kube.server, 200, "", VERSION);
    scripted_stream(w->kube.server);
    open_watch(w, NULL);
    push(w, EVENT("ADDED", "4", "true"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(follows_the_version_that_there_is, begin, end),
        cmocka_unit_test_setup_teardown(a_server_may_have_no_kueue, begin, end),
        cmocka_unit_test_setup_teardown(a_version_may_be_unknown, begin, end),
        cmocka_unit_test_setup_teardown(ends_at_once, begin, end),
        cmocka_unit_test_setup_teardown(ends_in_its_list, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
