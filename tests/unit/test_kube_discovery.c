/* SPDX-License-Identifier: Apache-2.0 */
/* Which versions of a group serve a resource, in whose order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kube/discovery.h"
#include "kube_server.h"

struct found {
    struct kube_world *world;
    struct kube_discovery *discovery;
    bool ended;
    struct kube_served served;
    struct error error;
};

static int setup(void **state)
{
    static struct kube_world world;
    static struct found found;
    kube_world_open(&world);
    kube_world_connect(&world);
    found = (struct found){.world = &world};
    *state = &found;
    return 0;
}

static int teardown(void **state)
{
    kube_world_close(((struct found *)*state)->world);
    return 0;
}

static void discovered(void *data, const struct kube_served *served, const struct error *err)
{
    struct found *f = data;
    assert_false(f->ended);
    assert_true(!served != !err);
    f->ended = true;
    if (served)
        f->served = *served;
    else
        f->error = *err;
}

static void discover(struct found *f, const char *group, const char *plural)
{
    const char *const plurals[] = {plural, NULL};
    assert_int_equal(kube_discover(f->world->kube, group, plurals, discovered, f, &f->discovery, NULL), 0);
    while (!f->ended)
        uv_run(&f->world->loop, UV_RUN_ONCE);
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

#define GROUP                                                                                                          \
    "{\"kind\":\"APIGroup\",\"name\":\"kubeflow.org\",\"versions\":[{\"groupVersion\":\"kubeflow.org/"                 \
    "v2beta1\",\"version\":\"v2beta1\"},"                                                                              \
    "{\"groupVersion\":\"kubeflow.org/v1\",\"version\":\"v1\"},{\"groupVersion\":\"kubeflow.org/"                      \
    "v1alpha2\",\"version\":\"v1alpha2\"}],"                                                                           \
    "\"preferredVersion\":{\"groupVersion\":\"kubeflow.org/v1\",\"version\":\"v1\"}}"
#define WITH                                                                                                           \
    "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"mpijobs/"                                                \
    "status\"},{\"name\":\"mpijobs\",\"namespaced\":true}]}"
#define WITHOUT "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"tfjobs\"},{\"name\":\"mpijobs/status\"}]}"

static void preferred_first_then_the_servers_order(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", GROUP);
    scripted_reply(f->world->server, 200, "", WITH);
    scripted_reply(f->world->server, 200, "", WITH);
    scripted_reply(f->world->server, 200, "", WITHOUT);
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->error.code, 0);
    assert_int_equal(f->served.count, 2);
    assert_string_equal(f->served.versions[0], "v1");
    assert_string_equal(f->served.versions[1], "v2beta1");
    contains(scripted_request(f->world->server, 0), "GET /apis/kubeflow.org HTTP/1.1");
    contains(scripted_request(f->world->server, 1), "GET /apis/kubeflow.org/v1 HTTP/1.1");
    contains(scripted_request(f->world->server, 2), "GET /apis/kubeflow.org/v2beta1 HTTP/1.1");
    contains(scripted_request(f->world->server, 3), "GET /apis/kubeflow.org/v1alpha2 HTTP/1.1");
}

static void the_core_group(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
    scripted_reply(f->world->server, 200, "", "{\"resources\":[{\"name\":\"events\"}]}");
    discover(f, "", "events");
    assert_int_equal(f->served.count, 1);
    contains(scripted_request(f->world->server, 0), "GET /api HTTP/1.1");
    contains(scripted_request(f->world->server, 1), "GET /api/v1 HTTP/1.1");
}

static void a_version_that_has_just_gone(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", GROUP);
    scripted_reply(f->world->server, 404, "", "404 page not found\n");
    scripted_reply(f->world->server, 200, "", WITH);
    scripted_reply(f->world->server, 200, "", WITHOUT);
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->served.count, 1);
    assert_string_equal(f->served.versions[0], "v2beta1");
}

static void no_such_group(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 404, "", "404 page not found\n");
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->error.code, ERR_NOT_FOUND);
    contains(f->error.message, "has no API group kubeflow.org: install the definition (CRD) mpijobs.kubeflow.org");
    contains(f->error.message, "http://127.0.0.1:");
}

static void the_group_without_the_resource(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", GROUP);
    for (int i = 0; i < 3; i++)
        scripted_reply(f->world->server, 200, "", WITHOUT);
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->error.code, ERR_NOT_FOUND);
    contains(f->error.message, "serves kubeflow.org in v1, v2beta1, v1alpha2, but no mpijobs: install");
}

static void another_error_on_the_way(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", GROUP);
    scripted_reply(f->world->server, 403, "",
                   "{\"kind\":\"Status\",\"message\":\"forbidden\",\"reason\":\"Forbidden\"}");
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->error.status, 403);
}

static void some_other_server(void **state)
{
    struct found *f = *state;
    scripted_reply(f->world->server, 200, "", "{\"hello\":\"world\"}");
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->error.code, ERR_PROTOCOL);
    contains(f->error.message, "is this a Kubernetes API server?");
}

static void cancelled(void **state)
{
    struct found *f = *state;
    scripted_act(f->world->server, SCRIPTED_SILENT);
    const char *const plurals[] = {"mpijobs", NULL};
    assert_int_equal(kube_discover(f->world->kube, "kubeflow.org", plurals, discovered, f, &f->discovery, NULL), 0);
    while (scripted_count(f->world->server) < 1)
        uv_run(&f->world->loop, UV_RUN_ONCE);
    kube_discovery_cancel(f->discovery);
    assert_false(f->ended);
    while (!f->ended)
        uv_run(&f->world->loop, UV_RUN_ONCE);
    assert_int_equal(f->error.code, ERR_CANCELLED);
}

static void more_versions_than_there_is_room_for(void **state)
{
    struct found *f = *state;
    struct buf group = BUF_INIT;
    buf_puts(&group,
             "{\"versions\":[{\"version\":\"v1.with-a-name-that-is-much-too-long-to-be-true\"},{\"version\":7},{}");
    for (int i = 1; i <= 20; i++)
        buf_printf(&group, ",{\"version\":\"v%d\"}", i);
    buf_puts(&group, "]}");
    scripted_reply(f->world->server, 200, "", group.ptr);
    for (int i = 0; i < KUBE_VERSIONS_MAX; i++)
        scripted_reply(f->world->server, 200, "", WITH);
    discover(f, "kubeflow.org", "mpijobs");
    assert_int_equal(f->served.count, KUBE_VERSIONS_MAX);
    assert_string_equal(f->served.versions[15], "v16");
    buf_free(&group);
}

struct several {
    bool ended;
    struct kube_served served[3];
    struct error error;
};

static void several_discovered(void *data, const struct kube_served *served, const struct error *err)
{
    struct several *s = data;
    s->ended = true;
    if (served)
        memcpy(s->served, served, sizeof s->served);
    else
        s->error = *err;
}

/* Several resources at the price of one. */
static void several_resources(void **state)
{
    struct found *f = *state;
    struct several s = {0};
    static const char *const plurals[] = {"mpijobs", "tfjobs", "mxjobs", NULL};
    scripted_reply(f->world->server, 200, "", GROUP);
    scripted_reply(f->world->server, 200, "", "{\"resources\":[{\"name\":\"mpijobs\"},{\"name\":\"tfjobs\"}]}");
    scripted_reply(f->world->server, 200, "", WITH);
    scripted_reply(f->world->server, 200, "", WITHOUT);
    assert_int_equal(kube_discover(f->world->kube, "kubeflow.org", plurals, several_discovered, &s, NULL, NULL), 0);
    while (!s.ended)
        uv_run(&f->world->loop, UV_RUN_ONCE);
    assert_int_equal(s.served[0].count, 2);
    assert_string_equal(s.served[0].versions[0], "v1");
    assert_string_equal(s.served[0].versions[1], "v2beta1");
    assert_int_equal(s.served[1].count, 2);
    assert_string_equal(s.served[1].versions[1], "v1alpha2");
    assert_int_equal(s.served[2].count, 0);
}

static void none_of_several(void **state)
{
    struct found *f = *state;
    struct several s = {0};
    static const char *const plurals[] = {"mxjobs", "xgboostjobs", NULL};
    scripted_reply(f->world->server, 200, "", GROUP);
    for (int i = 0; i < 3; i++)
        scripted_reply(f->world->server, 200, "", WITH);
    assert_int_equal(kube_discover(f->world->kube, "kubeflow.org", plurals, several_discovered, &s, NULL, NULL), 0);
    while (!s.ended)
        uv_run(&f->world->loop, UV_RUN_ONCE);
    assert_int_equal(s.error.code, ERR_NOT_FOUND);
    contains(s.error.message, "no mxjobs");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(preferred_first_then_the_servers_order),
        TEST(the_core_group),
        TEST(several_resources),
        TEST(none_of_several),
        TEST(a_version_that_has_just_gone),
        TEST(no_such_group),
        TEST(the_group_without_the_resource),
        TEST(another_error_on_the_way),
        TEST(some_other_server),
        TEST(cancelled),
        TEST(more_versions_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("kube_discovery", tests, NULL, NULL);
}
