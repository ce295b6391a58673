/* SPDX-License-Identifier: Apache-2.0 */
/* Lists by pages: order, pause, stop, cancel, an expired continue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kube_server.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};

struct lister {
    struct kube_world *world;
    struct kube_list *list;
    struct buf seen; /* the items, each followed by a line end */
    size_t items, stop_at, cancel_at, pause_at, close_at;
    unsigned restarted;
    bool ended, cancel_at_restart;
    char version[32];
    struct error error;
};

static int setup(void **state)
{
    static struct kube_world world;
    static struct lister lister;
    kube_world_open(&world);
    kube_world_connect(&world);
    lister = (struct lister){.world = &world};
    *state = &lister;
    return 0;
}

static int teardown(void **state)
{
    struct lister *l = *state;
    kube_world_close(l->world);
    buf_free(&l->seen);
    return 0;
}

static bool item(void *data, struct json value)
{
    struct lister *l = data;
    assert_false(l->ended);
    buf_add_str(&l->seen, value.text);
    buf_putc(&l->seen, '\n');
    l->items++;
    if (l->items == l->pause_at)
        kube_list_pause(l->list, true);
    if (l->items == l->close_at) {
        kube_close(l->world->kube, NULL, NULL);
        l->world->kube = NULL;
    }
    if (l->items == l->cancel_at) {
        kube_list_cancel(l->list);
        l->ended = true;
    }
    return l->items != l->stop_at;
}

static void restarted(void *data)
{
    struct lister *l = data;
    l->restarted++;
    if (l->cancel_at_restart) {
        kube_list_cancel(l->list);
        l->ended = true;
    }
}

static void done(void *data, const char *version, const struct error *err)
{
    struct lister *l = data;
    assert_false(l->ended);
    l->ended = true;
    l->list = NULL;
    snprintf(l->version, sizeof l->version, "%s", version);
    if (err)
        l->error = *err;
}

static void start(struct lister *l, const struct kube_query *query)
{
    struct kube_list_call call = {
        .resource = &jobs, .query = query, .item = item, .restarted = restarted, .done = done, .data = l};
    assert_int_equal(kube_list(l->world->kube, &call, &l->list, NULL), 0);
    assert_false(l->ended);
}

static void wait_for_end(struct lister *l)
{
    while (!l->ended)
        uv_run(&l->world->loop, UV_RUN_ONCE);
}

/* Runs the loop until so many requests have come and items were given, and on, for what should not follow. */
static void settle(struct lister *l, unsigned requests, size_t items)
{
    while (scripted_count(l->world->server) < requests || l->items < items)
        uv_run(&l->world->loop, UV_RUN_ONCE);
    for (int i = 0; i < 50; i++)
        uv_run(&l->world->loop, UV_RUN_NOWAIT);
}

static void contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text ? text : "(nothing)");
}

static void first_page(struct lister *l)
{
    scripted_reply(
        l->world->server, 200, "",
        "{\"items\":[ {\"a\" : 1.0} ,{\"a\":2}],\"metadata\":{\"resourceVersion\":\"70\",\"continue\":\"tok/1 \"}}");
}

static void last_page(struct lister *l)
{
    scripted_reply(l->world->server, 200, "",
                   "{\"metadata\":{\"continue\":\"\",\"resourceVersion\":\"71\"},\"items\":[{\"a\":3}]}");
}

static void pages_follow_each_other(void **state)
{
    struct lister *l = *state;
    struct kube_query query = {.label_selector = "team in (a,b),!x", .resource_version = "7", .limit = 2};
    first_page(l);
    last_page(l);
    start(l, &query);
    wait_for_end(l);
    assert_int_equal(l->error.code, 0);
    assert_string_equal(l->seen.ptr, "{\"a\" : 1.0}\n{\"a\":2}\n{\"a\":3}\n");
    assert_string_equal(l->version, "71");
    contains(scripted_request(l->world->server, 0),
             "GET /apis/kubeflow.org/v1/mpijobs?labelSelector=team%20in%20%28a%2Cb%29%2C%21x&resourceVersion=7&limit=2 "
             "HTTP/1.1\r\n");
    contains(
        scripted_request(l->world->server, 1),
        "GET /apis/kubeflow.org/v1/mpijobs?labelSelector=team%20in%20%28a%2Cb%29%2C%21x&continue=tok%2F1%20&limit=2 "
        "HTTP/1.1\r\n");
}

static void the_page_is_500_unless_said(void **state)
{
    struct lister *l = *state;
    scripted_reply(l->world->server, 200, "", "{\"items\":null,\"metadata\":{}}");
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.code, 0);
    assert_int_equal(l->items, 0);
    assert_string_equal(l->version, "");
    contains(scripted_request(l->world->server, 0), "GET /apis/kubeflow.org/v1/mpijobs?limit=500 HTTP/1.1\r\n");
}

static void the_last_page_may_be_empty(void **state)
{
    struct lister *l = *state;
    first_page(l);
    scripted_reply(l->world->server, 200, "", "{\"items\":[],\"metadata\":{\"resourceVersion\":\"70\"}}");
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.code, 0);
    assert_int_equal(l->items, 2);
}

static void stopping_is_a_success(void **state)
{
    struct lister *l = *state;
    l->stop_at = 1;
    first_page(l);
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.code, 0);
    assert_int_equal(l->items, 1);
}

static void cancelled_within_item(void **state)
{
    struct lister *l = *state;
    l->cancel_at = 1;
    first_page(l);
    start(l, NULL);
    wait_for_end(l);
    settle(l, 1, 1);
    assert_int_equal(l->items, 1); /* and done was not called: it asserts so */
}

static void cancelled_while_a_page_is_due(void **state)
{
    struct lister *l = *state;
    scripted_act(l->world->server, SCRIPTED_SILENT);
    start(l, NULL);
    settle(l, 1, 0);
    kube_list_cancel(l->list);
    l->ended = true;
    settle(l, 1, 0);
}

static void paused_between_pages(void **state)
{
    struct lister *l = *state;
    l->pause_at = 1;
    first_page(l);
    last_page(l);
    start(l, NULL);
    settle(l, 1, 2);
    assert_int_equal(l->items, 2); /* the page at hand is given whole */
    assert_int_equal(scripted_count(l->world->server), 1);
    kube_list_pause(l->list, false);
    kube_list_pause(l->list, true);
    settle(l, 1, 2);
    assert_int_equal(scripted_count(l->world->server), 1);
    kube_list_pause(l->list, false);
    assert_int_equal(scripted_count(l->world->server), 1);
    wait_for_end(l);
    assert_int_equal(l->items, 3);
    assert_int_equal(l->error.code, 0);
}

static void cancelled_while_paused(void **state)
{
    struct lister *l = *state;
    l->pause_at = 2;
    first_page(l);
    start(l, NULL);
    settle(l, 1, 2);
    kube_list_cancel(l->list);
    l->ended = true;
    settle(l, 1, 2);
}

static void closing_ends_a_paused_list(void **state)
{
    struct lister *l = *state;
    l->pause_at = 2;
    first_page(l);
    start(l, NULL);
    settle(l, 1, 2);
    kube_world_close(l->world);
    assert_true(l->ended);
    assert_int_equal(l->error.code, ERR_CANCELLED);
    kube_world_open(l->world);
}

static void closed_within_item(void **state)
{
    struct lister *l = *state;
    l->close_at = 1;
    first_page(l);
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->items, 2);
    assert_int_equal(l->error.code, ERR_CANCELLED);
}

#define GONE                                                                                                           \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"The provided continue parameter is too "                \
    "old\",\"reason\":\"Expired\","                                                                                    \
    "\"code\":410}"

static void an_expired_continue_starts_again_once(void **state)
{
    struct lister *l = *state;
    first_page(l);
    scripted_reply(l->world->server, 410, "", GONE);
    first_page(l);
    last_page(l);
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.code, 0);
    assert_int_equal(l->restarted, 1);
    assert_int_equal(l->items, 5);
    assert_null(strstr(scripted_request(l->world->server, 2), "continue="));
}

static void a_second_expiry_is_an_error(void **state)
{
    struct lister *l = *state;
    first_page(l);
    scripted_reply(l->world->server, 410, "", GONE);
    first_page(l);
    scripted_reply(l->world->server, 410, "", GONE);
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.status, 410);
    assert_string_equal(l->error.reason, "Expired");
    assert_int_equal(l->restarted, 1);
}

static void cancelled_at_the_restart(void **state)
{
    struct lister *l = *state;
    l->cancel_at_restart = true;
    first_page(l);
    scripted_reply(l->world->server, 410, "", GONE);
    start(l, NULL);
    wait_for_end(l);
    settle(l, 2, 2);
    assert_int_equal(scripted_count(l->world->server), 2);
}

static void no_list_at_all(void **state)
{
    struct lister *l = *state;
    scripted_reply(l->world->server, 200, "", "{\"kind\":\"MPIJob\"}");
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.code, ERR_PROTOCOL);
    contains(l->error.message, "/apis/kubeflow.org/v1/mpijobs: the answer is no list");
}

static void an_error_ends_it(void **state)
{
    struct lister *l = *state;
    first_page(l);
    scripted_reply(l->world->server, 403, "",
                   "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"mpijobs.kubeflow.org is forbidden: "
                   "User \\\"x\\\" cannot list\"}");
    start(l, NULL);
    wait_for_end(l);
    assert_int_equal(l->error.status, 403);
    assert_int_equal(l->items, 2);
    contains(l->error.message, "cannot list; a Role or ClusterRole must allow it");
}

/* 500 items of 3 KB: what a policy's sweep reads at a time. Bounded generously; it is some milliseconds. */
static void a_real_page(void **state)
{
    struct lister *l = *state;
    struct buf page = BUF_INIT;
    buf_puts(&page, "{\"apiVersion\":\"kubeflow.org/v1\",\"items\":[");
    for (int i = 0; i < 500; i++) {
        buf_printf(&page, "%s{\"metadata\":{\"name\":\"job-%d\"},\"spec\":{\"args\":[", i ? "," : "", i);
        for (int k = 0; k < 100; k++)
            buf_printf(&page, "%s\"--flag-%d=some-value-here\"", k ? "," : "", k);
        buf_puts(&page, "]}}");
    }
    buf_puts(&page, "],\"kind\":\"MPIJobList\",\"metadata\":{\"resourceVersion\":\"9\"}}");
    scripted_reply(l->world->server, 200, "", page.ptr);
    uint64_t before = uv_hrtime();
    start(l, NULL);
    wait_for_end(l);
    uint64_t ms = (uv_hrtime() - before) / 1000000;
    print_message("a page of 500 items, %zu bytes: %llu ms\n", page.len, (unsigned long long)ms);
    assert_int_equal(l->items, 500);
    assert_string_equal(l->version, "9");
    buf_free(&page);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(pages_follow_each_other),
        TEST(the_page_is_500_unless_said),
        TEST(the_last_page_may_be_empty),
        TEST(stopping_is_a_success),
        TEST(cancelled_within_item),
        TEST(cancelled_while_a_page_is_due),
        TEST(paused_between_pages),
        TEST(cancelled_while_paused),
        TEST(closing_ends_a_paused_list),
        TEST(closed_within_item),
        TEST(an_expired_continue_starts_again_once),
        TEST(a_second_expiry_is_an_error),
        TEST(cancelled_at_the_restart),
        TEST(no_list_at_all),
        TEST(an_error_ends_it),
        TEST(a_real_page),
    };
    return cmocka_run_group_tests_name("kube_list", tests, NULL, NULL);
}
