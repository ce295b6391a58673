/* SPDX-License-Identifier: Apache-2.0 */
/* A gate that answers later: a change waits at it, is let through, refused or cancelled there, and sends nothing before
 * it has been let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "change/change.h"
#include "kube_server.h"
#include "loop/defer.h"

#define GROUP                                                                                                          \
    "{\"kind\":\"APIGroup\",\"name\":\"kubeflow.org\",\"versions\":[{\"groupVersion\":\"kubeflow.org/v2beta1\","       \
    "\"version\":\"v2beta1\"}]}"
#define RESOURCES "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"mpijobs\",\"namespaced\":true}]}"
#define JOB(version, policy)                                                                                           \
    "{\"apiVersion\":\"kubeflow.org/v2beta1\",\"kind\":\"MPIJob\",\"metadata\":{\"namespace\":\"train\","              \
    "\"name\":\"bert\",\"uid\":\"u1\",\"resourceVersion\":\"" version                                                  \
    "\"},\"spec\":{\"runPolicy\":{\"cleanPodPolicy\":\"" policy "\"}}}"
#define CONFLICT                                                                                                       \
    "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"message\":\"it has been changed\","         \
    "\"details\":{\"name\":\"bert\"}}"

/* Loops here do not block: while a change waits at the gate, nothing else would wake them. */
struct world {
    struct kube_world kube;
    struct cluster *cluster;
    struct site site;
    struct defer_queue soon;
    bool connected, closed;
    struct change *change;
    /* the gate */
    struct gate_wait *wait; /* the change that waits at it */
    unsigned asked, cancelled;
    char looked_at[64]; /* as it was told last */
    size_t fields;
    /* the outcome */
    bool ended, changed;
    struct error error; /* code 0: none */
};

static void connected(void *data, const struct error *err)
{
    struct world *w = data;
    if (err)
        fail_msg("%s", err->message);
    w->connected = true;
}

/* A cluster that serves MPIJobs as v2beta1: two requests of the server's. */
static int begin(void **state)
{
    static struct world w;
    struct error err;
    w = (struct world){0};
    kube_world_open(&w.kube);
    struct cluster_options options = {.config = &w.kube.config, .kube = &w.kube.options};
    if (cluster_new(&w.kube.loop, &options, &w.cluster, &err))
        fail_msg("%s", err.message);
    scripted_reply(w.kube.server, 200, "", GROUP);
    scripted_reply(w.kube.server, 200, "", RESOURCES);
    cluster_connect(w.cluster, connected, &w);
    while (!w.connected)
        uv_run(&w.kube.loop, UV_RUN_NOWAIT);
    assert_int_equal(scripted_count(w.kube.server), 2);
    defer_queue_open(&w.kube.loop, &w.soon);
    w.site = (struct site){.loop = &w.kube.loop, .soon = &w.soon, .cluster = w.cluster};
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
    cluster_close(w->cluster, closed, w);
    while (!w->closed)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    defer_queue_close(&w->soon, NULL, NULL);
    kube_world_close(&w->kube);
    return 0;
}

/* ---- the gate ---- */

static void given_up(struct gate_wait *wait)
{
    struct world *w = wait->data;
    assert_ptr_equal(wait, w->wait);
    w->wait = NULL;
    w->cancelled++;
}

static void gate(void *data, struct gate_wait *wait, const struct change_intent *intent)
{
    struct world *w = data;
    assert_null(w->wait);
    w->asked++;
    w->wait = wait;
    wait->cancel = given_up;
    wait->data = w;
    snprintf(w->looked_at, sizeof w->looked_at, "%s", intent->looked_at);
    w->fields = intent->diff->count;
}

static void answer(struct world *w, const struct error *refused)
{
    struct gate_wait *wait = w->wait;
    assert_non_null(wait);
    w->wait = NULL;
    gate_answer(wait, refused);
}

/* ---- the change ---- */

static void done(void *data, const struct change_result *result, const struct error *err)
{
    struct world *w = data;
    assert_false(w->ended);
    w->ended = true;
    w->changed = result->changed;
    if (err)
        w->error = *err;
}

static void run_to_the_gate(struct world *w)
{
    while (!w->wait) {
        if (w->ended)
            fail_msg("it has ended before the gate: %s", w->error.message);
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    }
}

/* A change of cleanPodPolicy from None to All, until it waits at the gate. */
static void wait_at_the_gate(struct world *w)
{
    static const char job[] = JOB("7", "None");
    struct mpijob_target target = {.kind = KIND_MPIJOB};
    struct mpijob_changes changes = {0};
    assert_int_equal(mpijob_changes_set(&changes, "cleanPodPolicy", str_of("\"All\""), NULL), 0);
    struct change_call call = {
        .verb = CHANGE_FIELDS,
        .job = &target,
        .name_space = "train",
        .name = "bert",
        .object = str_of(job),
        .changes = &changes,
        .gate = gate,
        .done = done,
        .data = w,
    };
    assert_int_equal(change_start(&w->site, &call, &w->change, NULL), 0);
    run_to_the_gate(w);
    assert_int_equal(w->asked, 1);
    assert_string_equal(w->looked_at, "7");
    assert_int_equal(w->fields, 1);
}

/* Turns of the loop, in which nothing may happen while the change waits. */
static void nothing_is_sent(struct world *w, unsigned requests)
{
    for (int i = 0; i < 50; i++)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
    assert_int_equal(scripted_count(w->kube.server), requests);
}

static void run_to_the_end(struct world *w)
{
    while (!w->ended)
        uv_run(&w->kube.loop, UV_RUN_NOWAIT);
}

static void request_is(const struct world *w, unsigned number, const char *line)
{
    const char *request = scripted_request(w->kube.server, number);
    if (strncmp(request, line, strlen(line)) != 0)
        fail_msg("request %u is not \"%s\": %.100s", number, line, request);
}

#define PATH "/apis/kubeflow.org/v2beta1/namespaces/train/mpijobs/bert"

/* ---- what becomes of it ---- */

static void it_is_let_through(void **state)
{
    struct world *w = *state;
    scripted_reply(w->kube.server, 200, "", JOB("8", "All"));
    wait_at_the_gate(w);
    nothing_is_sent(w, 2);
    assert_false(w->ended);
    answer(w, NULL);
    run_to_the_end(w);
    assert_int_equal(w->error.code, 0);
    assert_true(w->changed);
    assert_int_equal(scripted_count(w->kube.server), 3);
    request_is(w, 2, "PUT " PATH);
    assert_int_equal(w->cancelled, 0);
}

static void it_is_refused(void **state)
{
    struct world *w = *state;
    struct error refused;
    wait_at_the_gate(w);
    nothing_is_sent(w, 2);
    error_set(&refused, ERR_REFUSED, "no approval came within 1h");
    answer(w, &refused);
    run_to_the_end(w);
    assert_int_equal(w->error.code, ERR_REFUSED);
    assert_string_equal(w->error.message, "train/bert: not written: no approval came within 1h");
    assert_false(w->changed);
    nothing_is_sent(w, 2);
    assert_int_equal(w->cancelled, 0);
}

static void cancelled_while_it_waits(struct world *w, void (*cancel)(struct change *change))
{
    wait_at_the_gate(w);
    nothing_is_sent(w, 2);
    cancel(w->change);
    assert_int_equal(w->cancelled, 1);
    assert_false(w->ended); /* never from within */
    cancel(w->change);
    run_to_the_end(w);
    assert_int_equal(w->error.code, ERR_CANCELLED);
    assert_int_equal(w->cancelled, 1);
    nothing_is_sent(w, 2);
}

static void it_is_cancelled(void **state)
{
    cancelled_while_it_waits(*state, change_cancel);
}

static void it_is_abandoned(void **state)
{
    cancelled_while_it_waits(*state, change_abandon);
}

/* What was let through was the change of the object as it was: of the fresh one the gate is asked again. */
static void a_conflict_asks_again(void **state)
{
    struct world *w = *state;
    scripted_reply(w->kube.server, 409, "", CONFLICT);
    scripted_reply(w->kube.server, 200, "", JOB("9", "Running"));
    scripted_reply(w->kube.server, 200, "", JOB("10", "All"));
    wait_at_the_gate(w);
    answer(w, NULL);
    run_to_the_gate(w);
    assert_int_equal(w->asked, 2);
    assert_string_equal(w->looked_at, "9");
    nothing_is_sent(w, 4);
    request_is(w, 2, "PUT " PATH);
    request_is(w, 3, "GET " PATH);
    answer(w, NULL);
    run_to_the_end(w);
    assert_int_equal(w->error.code, 0);
    assert_int_equal(scripted_count(w->kube.server), 5);
    request_is(w, 4, "PUT " PATH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_let_through, begin, end),
        cmocka_unit_test_setup_teardown(it_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(it_is_cancelled, begin, end),
        cmocka_unit_test_setup_teardown(it_is_abandoned, begin, end),
        cmocka_unit_test_setup_teardown(a_conflict_asks_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
