/* SPDX-License-Identifier: Apache-2.0 */
/* One request against a server that answers from a script: what is repeated, what is not,
 * and what the caller is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "kube/kube_parts.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};

static int setup(void **state)
{
    static struct kube_world world;
    clock_jumps(true);
    kube_world_open(&world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    kube_world_close(*state);
    return 0;
}

static struct kube_result get(struct kube_world *w)
{
    struct kube_result r = {.world = w};
    struct error err;
    if (!w->kube)
        kube_world_connect(w);
    assert_int_equal(kube_get(w->kube, CALL(.data = &r), NULL, &err), 0);
    kube_result_wait(&r);
    return r;
}

static struct kube_result put(struct kube_world *w, const char *dry_run)
{
    struct kube_result r = {.world = w};
    struct kube_query query = {.dry_run = dry_run, .field_manager = "mpijobd"};
    struct error err;
    if (!w->kube)
        kube_world_connect(w);
    assert_int_equal(
        kube_replace(w->kube, CALL(.body = str_of("{\"x\":1.0}"), .query = &query, .data = &r), NULL, &err), 0);
    kube_result_wait(&r);
    return r;
}

static void contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text);
}

/* The first request of a process sets libraries up, which takes long under valgrind; not to be counted against a short
 * deadline. */
static void warm_up(struct kube_world *w)
{
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, 0);
    kube_result_free(&r);
}

static void a_get_gives_the_bytes(void **state)
{
    struct kube_world *w = *state;
    scripted_reply(w->server, 200, "Warning: 299 - \"old \\\"v1\\\"\"\r\n", " {\"a\": 1.0}\n");
    struct kube_result r = get(w);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.tries, 1);
    assert_string_equal(r.body, " {\"a\": 1.0}\n");
    contains(scripted_request(w->server, 0), "GET /apis/kubeflow.org/v1/namespaces/ns/mpijobs/a HTTP/1.1\r\n");
    contains(scripted_request(w->server, 0), "\r\nAccept: application/json\r\n");
    assert_null(strcasestr(scripted_request(w->server, 0), "authorization"));
    kube_result_free(&r);
}

/* Each text once, and a bounded number of them is remembered. */
static void warnings_are_said_once(void **state)
{
    struct kube_world *w = *state;
    int ends[2];
    char said[8192] = "";
    struct log log;
    warm_up(w);
    assert_int_equal(pipe(ends), 0);
    log_init(&log, ends[1], NULL);
    w->kube->log = &log;
    for (int i = 0; i < 3; i++) {
        scripted_reply(w->server, i == 1 ? 404 : 200, "Warning: 299 - \"v1alpha2 is deprecated\"\r\n", "{}");
        struct kube_result r = get(w);
        kube_result_free(&r);
    }
    for (int i = 0; i < 300; i++) { /* texts that name objects do not pile up */
        char text[32];
        snprintf(text, sizeof text, "text %d", i);
        log.level = LOG_ERROR;
        kube_warn(w->kube, (const char *const[]){text, NULL}, "GET", "http://x");
    }
    log.level = LOG_WARN;
    kube_warn(w->kube, (const char *const[]){"text 299", "text 0", NULL}, "GET", "http://x");
    close(ends[1]);
    for (ssize_t n, at = 0; (n = read(ends[0], said + at, sizeof said - 1 - (size_t)at)) > 0; at += n)
        said[at + n] = '\0';
    close(ends[0]);
    w->kube->log = NULL;
    char *first = strstr(said, "v1alpha2 is deprecated");
    assert_non_null(first);
    assert_null(strstr(first + 1, "v1alpha2 is deprecated"));
    assert_null(strstr(said, "text 299"));
    contains(said, "text 0");
}

static void a_put_sends_the_bytes(void **state)
{
    struct kube_world *w = *state;
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, 0);
    contains(scripted_request(w->server, 0),
             "PUT /apis/kubeflow.org/v1/namespaces/ns/mpijobs/a?fieldManager=mpijobd HTTP/1.1\r\n");
    contains(scripted_request(w->server, 0), "\r\nContent-Type: application/json\r\n");
    contains(scripted_request(w->server, 0), "\r\n\r\n{\"x\":1.0}");
    kube_result_free(&r);
}

/* How often the fence was asked, and from which question on it lets nothing through. */
struct fenced {
    int asked, closes_at;
};

static int pass(void *data, struct error *err)
{
    struct fenced *f = data;
    return ++f->asked >= f->closes_at ? error_set(err, ERR_CANCELLED, "another one leads") : 0;
}

/* Before the try, when its first byte would leave, and before a repetition: at each of them nothing leaves any more. */
static void a_write_that_may_not_leave_does_not(void **state)
{
    struct kube_world *w = *state;
    struct fenced f;
    struct kube_fence fence = {.pass = pass, .data = &f};
    struct error err;
    warm_up(w);
    kube_set_fence(w->kube, &fence);
    f = (struct fenced){.closes_at = 1};
    assert_int_equal(kube_replace(w->kube, CALL(.body = str_of("{}"), .data = NULL), NULL, &err), ERR_CANCELLED);
    assert_string_equal(err.message, "another one leads");
    f = (struct fenced){.closes_at = 2};
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, ERR_CANCELLED);
    assert_string_equal(r.error.message, "another one leads");
    assert_false(r.lost);
    assert_int_equal(scripted_count(w->server), 1);
    kube_result_free(&r);
    f = (struct fenced){.closes_at = 3};
    scripted_reply(w->server, 429, "Retry-After: 1\r\n", "later");
    r = put(w, NULL);
    assert_int_equal(r.error.code, ERR_CANCELLED);
    contains(r.error.message, "another one leads");
    assert_int_equal(scripted_count(w->server), 2);
    kube_result_free(&r);
    int asked = f.asked;
    scripted_reply(w->server, 200, "", "{}");
    scripted_reply(w->server, 200, "", "{}");
    r = put(w, "All");
    assert_int_equal(r.error.code, 0);
    kube_result_free(&r);
    r = get(w);
    assert_int_equal(r.error.code, 0);
    kube_result_free(&r);
    assert_int_equal(f.asked, asked);
}

static void a_busy_server_is_asked_again(void **state)
{
    struct kube_world *w = *state;
    scripted_reply(w->server, 429, "Retry-After: 0\r\n", "Too many requests, please try again later.");
    scripted_reply(w->server, 429, "", "Too many requests, please try again later.");
    scripted_reply(w->server, 503, "Retry-After: 0\r\n", "");
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(r.tries, 4);
    assert_int_equal(scripted_count(w->server), 4);
    for (unsigned i = 0; i < 4; i++)
        contains(scripted_request(w->server, i), "{\"x\":1.0}");
    kube_result_free(&r);
}

static void a_server_that_slows_us_down_is_told_of_at_the_beginning_and_at_the_end(void **state)
{
    struct kube_world *w = *state;
    int ends[2];
    char said[8192] = "";
    struct log log;
    struct kube_load load;
    warm_up(w);
    assert_int_equal(pipe(ends), 0);
    log_init(&log, ends[1], NULL);
    w->kube->log = &log;
    for (int i = 0; i < 2; i++) {
        scripted_reply(w->server, 429, "Retry-After: 0\r\n", "later");
        scripted_reply(w->server, 200, "", "{}");
        struct kube_result r = put(w, NULL);
        assert_int_equal(r.error.code, 0);
        kube_result_free(&r);
    }
    kube_load(w->kube, &load);
    contains(load.slow_because, "it answers 429");
    assert_int_equal(load.at_once, 1);
    while (load.slow_because) {
        uv_run(&w->loop, UV_RUN_ONCE);
        kube_load(w->kube, &load);
    }
    close(ends[1]);
    for (ssize_t n, at = 0; (n = read(ends[0], said + at, sizeof said - 1 - (size_t)at)) > 0; at += n)
        said[at + n] = '\0';
    close(ends[0]);
    w->kube->log = NULL;
    char *first = strstr(said, "the server slows mpijobd down");
    assert_non_null(first);
    assert_null(strstr(first + 1, "the server slows mpijobd down"));
    contains(first, "the server does not slow mpijobd down any more");
}

static void retry_after_is_obeyed(void **state)
{
    struct kube_world *w = *state;
    w->options.timeout_ms = 600000;
    scripted_reply(w->server, 429, "Retry-After: 100\r\n", "later");
    scripted_reply(w->server, 200, "", "{}");
    uint64_t before = uv_hrtime();
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, 0);
    assert_true(uv_hrtime() - before >= 99000 * 1000000ull);
    kube_result_free(&r);
}

static void a_wait_longer_than_the_deadline_is_told_at_once(void **state)
{
    struct kube_world *w = *state;
    w->options.timeout_ms = 60000;
    scripted_reply(w->server, 429, "Retry-After: 120\r\n", "Too many requests, please try again later.");
    uint64_t before = uv_hrtime();
    struct kube_result r = get(w);
    assert_true(uv_hrtime() - before < 50000 * 1000000ull);
    assert_int_equal(r.error.code, ERR_HTTP);
    assert_int_equal(r.error.status, 429);
    assert_true(r.error.retryable);
    contains(r.error.message, "Too many requests, please try again later.");
    contains(r.error.message, "asks to wait 120.0 s (Retry-After), but only ");
}

static void reads_are_repeated_after_any_5xx(void **state)
{
    struct kube_world *w = *state;
    int statuses[] = {500, 502, 503, 504};
    for (int i = 0; i < 4; i++)
        scripted_reply(w->server, statuses[i], "", "");
    scripted_act(w->server, SCRIPTED_RESET);
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(scripted_count(w->server), 6);
    kube_result_free(&r);
}

static void a_write_whose_fate_is_unknown_is_not_repeated(void **state)
{
    struct kube_world *w = *state;
    int statuses[] = {500, 502, 503, 504};
    for (unsigned i = 0; i < 4; i++) {
        scripted_reply(w->server, statuses[i], "",
                       "{\"kind\":\"Status\",\"message\":\"no idea\",\"reason\":\"InternalError\"}");
        struct kube_result r = put(w, NULL);
        assert_true(r.lost);
        assert_int_equal(r.error.status, statuses[i]);
        assert_string_equal(r.error.reason, "InternalError");
        assert_string_equal(r.error.message, "no idea");
        assert_int_equal(scripted_count(w->server), i + 1);
    }
    scripted_act(w->server, SCRIPTED_RESET);
    struct kube_result r = put(w, NULL);
    assert_true(r.lost);
    assert_int_equal(scripted_count(w->server), 5);
}

static void a_dry_run_may_be_repeated(void **state)
{
    struct kube_world *w = *state;
    scripted_reply(w->server, 500, "", "");
    scripted_act(w->server, SCRIPTED_RESET);
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = put(w, "All");
    assert_int_equal(r.error.code, 0);
    contains(scripted_request(w->server, 2), "?dryRun=All&");
    kube_result_free(&r);
}

static void an_object_too_large_is_not_lost(void **state)
{
    struct kube_world *w = *state;
    scripted_reply(w->server, 500, "",
                   "{\"kind\":\"Status\",\"message\":\"etcdserver: request is too large\",\"code\":500}");
    struct kube_result r = put(w, NULL);
    assert_false(r.lost);
    assert_false(r.error.retryable);
    assert_string_equal(r.error.reason, "RequestEntityTooLarge");
    contains(r.error.message, "1.5 MiB");
}

static void a_silent_server(void **state)
{
    struct kube_world *w = *state;
    w->options.timeout_ms = 60000;
    warm_up(w);
    scripted_act(w->server, SCRIPTED_SILENT);
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, ERR_TIMEOUT);
    assert_true(r.lost);
    assert_int_equal(scripted_count(w->server), 2);
}

/* A read's first try has two thirds of the time: a try that hangs does not use up the call. */
static void a_read_survives_one_silent_try(void **state)
{
    struct kube_world *w = *state;
    w->options.timeout_ms = 240000;
    warm_up(w);
    scripted_act(w->server, SCRIPTED_SILENT);
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(r.tries, 2);
    kube_result_free(&r);
}

static void a_server_that_is_not_there(void **state)
{
    struct kube_world *w = *state;
    free(w->config.server);
    w->config.server = str_dup(str_of("http://127.0.0.1:1"));
    w->options.timeout_ms = 150000;
    struct kube_result r = put(w, NULL);
    assert_int_equal(r.error.code, ERR_UNREACHABLE);
    assert_false(r.lost);
    contains(r.error.message, "http://127.0.0.1:1");
    contains(r.error.message, "given up after ");
}

static void strange_answers(void **state)
{
    struct kube_world *w = *state;
    static const struct {
        int status;
        const char *headers, *body, *says;
    } cases[] = {
        {200, "", "<html><head><title>Sign in\n</title></head></html>", "an HTML page titled \"Sign in\""},
        {200, "", "", "200 with an empty body"},
        {200, "", "{\"kind\":\"MPIJob\",\"spec\":{\"a\":", "no JSON or was cut short"},
        {200, "", "[1]", "with the text \"[1]\" where a JSON object was expected"},
        {302, "Location: https://login.example/x\r\n", "",
         "a redirect to https://login.example/x, which is not followed"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        scripted_reply(w->server, cases[i].status, cases[i].headers, cases[i].body);
        struct kube_result r = get(w);
        assert_int_equal(r.error.code, ERR_PROTOCOL);
        assert_int_equal(r.error.status, cases[i].status);
        contains(r.error.message, cases[i].says);
        contains(r.error.message, "GET http://127.0.0.1:");
        contains(r.error.message, "/apis/kubeflow.org/v1/namespaces/ns/mpijobs/a");
        assert_false(r.lost);
    }
    scripted_reply(w->server, 200, "", "<html>");
    struct kube_result r = put(w, NULL);
    assert_true(r.lost); /* it said 200, so it may have done it */
}

static void a_body_cut_short(void **state)
{
    struct kube_world *w = *state;
    static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":";
    scripted_raw(w->server, SCRIPTED_CUT, half, sizeof half - 1);
    scripted_reply(w->server, 200, "", "{}");
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(r.tries, 2);
    kube_result_free(&r);
    scripted_raw(w->server, SCRIPTED_CUT, half, sizeof half - 1);
    r = put(w, NULL);
    assert_true(r.lost);
}

struct canceller {
    struct kube_result result;
    struct kube_request *request;
};

static void cancel_when_asked(void *data, unsigned number)
{
    struct canceller *c = data;
    (void)number;
    kube_cancel(c->request);
    kube_cancel(c->request);
}

static void cancelled_under_way(void **state)
{
    struct kube_world *w = *state;
    struct canceller c = {.result.world = w};
    kube_world_connect(w);
    scripted_on_request(w->server, cancel_when_asked, &c);
    scripted_act(w->server, SCRIPTED_SILENT);
    assert_int_equal(kube_replace(w->kube, CALL(.body = str_of("{}"), .data = &c.result), &c.request, NULL), 0);
    kube_result_wait(&c.result);
    assert_int_equal(c.result.error.code, ERR_CANCELLED);
    assert_true(c.result.lost);
}

static void cancelled_before_it_leaves(void **state)
{
    struct kube_world *w = *state;
    struct canceller c = {.result.world = w};
    kube_world_connect(w);
    assert_int_equal(kube_get(w->kube, CALL(.data = &c.result), &c.request, NULL), 0);
    kube_cancel(c.request);
    assert_false(c.result.ended);
    kube_result_wait(&c.result);
    assert_int_equal(c.result.error.code, ERR_CANCELLED);
    assert_false(c.result.lost);
}

static void cancelled_in_a_pause(void **state)
{
    struct kube_world *w = *state;
    struct canceller c = {.result.world = w};
    FILE *file = tmpfile();
    struct log log;
    char text[4096] = "";
    log_init(&log, fileno(file), NULL);
    log.level = LOG_DEBUG;
    w->options.log = &log;
    w->options.timeout_ms = 600000;
    kube_world_connect(w);
    scripted_reply(w->server, 429, "Retry-After: 300\r\n", "");
    assert_int_equal(kube_replace(w->kube, CALL(.body = str_of("{}"), .data = &c.result), &c.request, NULL), 0);
    while (!strstr(text, "a request is tried again")) {
        uv_run(&w->loop, UV_RUN_NOWAIT);
        assert_true(pread(fileno(file), text, sizeof text - 1, 0) >= 0);
    }
    kube_cancel(c.request);
    kube_result_wait(&c.result);
    assert_int_equal(c.result.error.code, ERR_CANCELLED);
    assert_false(c.result.lost);
    kube_world_close(w);
    kube_world_open(w);
    fclose(file);
}

static void closing_ends_what_is_under_way(void **state)
{
    struct kube_world *w = *state;
    struct kube_result r[3] = {{.world = w}, {.world = w}, {.world = w}};
    kube_world_connect(w);
    scripted_act(w->server, SCRIPTED_SILENT);
    scripted_act(w->server, SCRIPTED_SILENT);
    for (int i = 0; i < 2; i++)
        assert_int_equal(kube_get(w->kube, CALL(.data = &r[i]), NULL, NULL), 0);
    while (scripted_count(w->server) < 2)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(kube_get(w->kube, CALL(.data = &r[2]), NULL, NULL), 0);
    kube_world_close(w);
    for (int i = 0; i < 3; i++)
        assert_int_equal(r[i].error.code, ERR_CANCELLED);
    kube_world_open(w);
}

static void close_in_done(void *data, struct kube_request *request, const struct kube_answer *answer,
                          const struct error *err, bool lost)
{
    struct kube_result *r = data;
    kube_result_done(data, request, answer, err, lost);
    struct kube_request *none = NULL;
    struct error refused;
    kube_cancel(request); /* too late, and harmless */
    kube_close(r->world->kube, NULL, NULL);
    assert_int_equal(kube_get(r->world->kube, CALL(.data = r), &none, &refused), ERR_CANCELLED);
    r->world->kube = NULL;
}

static void closed_within_done(void **state)
{
    struct kube_world *w = *state;
    struct kube_result r = {.world = w};
    kube_world_connect(w);
    scripted_reply(w->server, 200, "", "{}");
    struct kube_call call = *CALL(.data = &r);
    call.done = close_in_done;
    assert_int_equal(kube_get(w->kube, &call, NULL, NULL), 0);
    kube_result_wait(&r);
    assert_int_equal(r.error.code, 0);
    kube_result_free(&r);
}

static void names_that_are_none(void **state)
{
    struct kube_world *w = *state;
    struct error err;
    kube_world_connect(w);
    static const char *const bad[] = {"", ".", "..", "a/b", NULL};
    for (size_t i = 0; i < 5; i++) {
        struct kube_call unnamed = *CALL(), elsewhere = *CALL();
        unnamed.name = bad[i];
        elsewhere.name_space = bad[i];
        assert_int_equal(kube_delete(w->kube, &unnamed, NULL, &err), ERR_INVALID);
        if (bad[i])
            assert_int_equal(kube_get(w->kube, &elsewhere, NULL, &err), ERR_INVALID);
    }
    assert_int_equal(scripted_count(w->server), 0);
}

static void the_other_verbs(void **state)
{
    struct kube_world *w = *state;
    struct kube_result r = {.world = w};
    struct kube_query query = {.propagation_policy = "Foreground"};
    kube_world_connect(w);
    scripted_reply(w->server, 201, "", "{\"made\":1}");
    assert_int_equal(kube_create(w->kube, CALL(.body = str_of("{\"n\":1}"), .data = &r), NULL, NULL), 0);
    kube_result_wait(&r);
    assert_int_equal(r.status, 201);
    kube_result_free(&r);
    scripted_reply(w->server, 200, "", "{}");
    assert_int_equal(kube_patch(w->kube, CALL(.body = str_of("{\"p\":1}"), .data = &r), NULL, NULL), 0);
    kube_result_wait(&r);
    kube_result_free(&r);
    scripted_reply(w->server, 200, "", "{\"kind\":\"Status\",\"status\":\"Success\"}");
    struct kube_call call = *CALL(.query = &query, .data = &r);
    call.name = "a b%";
    assert_int_equal(kube_delete(w->kube, &call, NULL, NULL), 0);
    kube_result_wait(&r);
    assert_int_equal(r.error.code, 0);
    kube_result_free(&r);
    contains(scripted_request(w->server, 0), "POST /apis/kubeflow.org/v1/namespaces/ns/mpijobs HTTP/1.1");
    contains(scripted_request(w->server, 1), "PATCH /apis/kubeflow.org/v1/namespaces/ns/mpijobs/a HTTP/1.1");
    contains(scripted_request(w->server, 1), "\r\nContent-Type: application/merge-patch+json\r\n");
    contains(scripted_request(w->server, 2),
             "DELETE /apis/kubeflow.org/v1/namespaces/ns/mpijobs/a%20b%25?propagationPolicy=Foreground HTTP/1.1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(warnings_are_said_once),
        TEST(a_get_gives_the_bytes),
        TEST(a_put_sends_the_bytes),
        TEST(a_write_that_may_not_leave_does_not),
        TEST(a_busy_server_is_asked_again),
        TEST(a_server_that_slows_us_down_is_told_of_at_the_beginning_and_at_the_end),
        TEST(retry_after_is_obeyed),
        TEST(a_wait_longer_than_the_deadline_is_told_at_once),
        TEST(reads_are_repeated_after_any_5xx),
        TEST(a_write_whose_fate_is_unknown_is_not_repeated),
        TEST(a_dry_run_may_be_repeated),
        TEST(an_object_too_large_is_not_lost),
        TEST(a_silent_server),
        TEST(a_read_survives_one_silent_try),
        TEST(a_server_that_is_not_there),
        TEST(strange_answers),
        TEST(a_body_cut_short),
        TEST(cancelled_under_way),
        TEST(cancelled_before_it_leaves),
        TEST(cancelled_in_a_pause),
        TEST(closing_ends_what_is_under_way),
        TEST(closed_within_done),
        TEST(names_that_are_none),
        TEST(the_other_verbs),
    };
    return cmocka_run_group_tests_name("kube_request", tests, NULL, NULL);
}
