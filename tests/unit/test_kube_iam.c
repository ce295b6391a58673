/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of Huawei Cloud's IAM: one request for however many wait, none that is of no use, and no password anywhere. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/auth/iam_message.h"
#include "kube/kube_parts.h"
#include "kube_server.h"
#include "moved_clock.h"

static const struct kube_resource jobs = {"kubeflow.org", "v1alpha2", "mpijobs"};
#define UNAUTHORIZED "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}"
#define WRONG "{\"error\":{\"code\":401,\"message\":\"not with canary 1\",\"title\":\"Unauthorized\"}}"

struct iam_world {
    struct kube_world world;
    struct scripted *iam;
    char password[300];
    FILE *log_file;
    struct log log;
};

static void write_password(struct iam_world *w, const char *text)
{
    FILE *f = fopen(w->password, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    static struct iam_world w;
    char endpoint[64];
    w = (struct iam_world){.log_file = tmpfile()};
    kube_world_open(&w.world);
    w.iam = scripted_start(&w.world.loop);
    snprintf(w.password, sizeof w.password, TEST_BINARY_DIR "/password-%d", (int)getpid());
    write_password(&w, "canary 1\n");
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", scripted_port(w.iam));
    const struct kube_iam iam = {.endpoint = endpoint,
                                 .domain = (char[]){"dom\"ain"},
                                 .user = (char[]){"robot"},
                                 .password_file = w.password,
                                 .project = (char[]){"cn-north-4"}};
    w.world.config.iam = calloc(1, sizeof *w.world.config.iam);
    assert_true(kube_iam_copy(&iam, w.world.config.iam));
    log_init(&w.log, fileno(w.log_file), NULL);
    w.log.level = LOG_DEBUG;
    w.world.options.log = &w.log;
    w.world.options.plugin_pause_ms = 1 << 20; /* what is not to be asked again is not asked in this test's life */
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct iam_world *w = *state;
    static char text[1 << 16];
    scripted_stop(w->iam);
    kube_world_close(&w->world);
    ssize_t n = pread(fileno(w->log_file), text, sizeof text - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    assert_null(strstr(text, "canary"));
    fclose(w->log_file);
    unlink(w->password);
    return 0;
}

/* IAM's next answer; life: seconds. */
static void gives(struct iam_world *w, const char *token, int life)
{
    char headers[200], body[200], until[32];
    clock_format(clock_now(NULL) + life * CLOCK_SECOND, true, until);
    snprintf(headers, sizeof headers, "X-Subject-Token: %s\r\n", token);
    snprintf(body, sizeof body, "{\"token\":{\"expires_at\":\"%s\",\"catalog\":[]}}", until);
    scripted_reply(w->iam, 201, headers, body);
}

static void start(struct iam_world *w, struct kube_result *r)
{
    *r = (struct kube_result){.world = &w->world};
    if (!w->world.kube)
        kube_world_connect(&w->world);
    struct error err;
    int rc = kube_get(w->world.kube, CALL(.data = r), NULL, &err);
    if (rc) {
        r->error = err;
        r->ended = true;
    }
}

static void finish(struct kube_result *r)
{
    kube_result_wait(r);
    if (r->error.code && strstr(r->error.message, "canary"))
        fail_msg("a secret is in: %s", r->error.message);
    kube_result_free(&(struct kube_result){.body = r->body});
    r->body = NULL;
}

static struct kube_result get(struct iam_world *w)
{
    struct kube_result r;
    start(w, &r);
    finish(&r);
    return r;
}

static void has(struct scripted *server, unsigned request, const char *part)
{
    if (!strstr(scripted_request(server, request), part))
        fail_msg("%s is not in %s", part, scripted_request(server, request));
}

static void one_token_for_all_who_wait(void **state)
{
    struct iam_world *w = *state;
    struct kube_result r[3];
    gives(w, "canary-token", 86400);
    for (int i = 0; i < 4; i++)
        scripted_reply(w->world.server, 200, "", "{}");
    for (int i = 0; i < 3; i++)
        start(w, &r[i]);
    for (int i = 0; i < 3; i++) {
        finish(&r[i]);
        assert_int_equal(r[i].error.code, 0);
        has(w->world.server, (unsigned)i, "\r\nX-Auth-Token: canary-token\r\n");
        assert_null(strstr(scripted_request(w->world.server, (unsigned)i), "Authorization"));
    }
    get(w);
    assert_int_equal(scripted_count(w->iam), 1);
    has(w->iam, 0, "POST /v3/auth/tokens HTTP/1.1\r\n");
    has(w->iam, 0, "\r\nContent-Type: application/json;charset=utf8\r\n");
    has(w->iam, 0,
        "\r\n\r\n{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":\"robot\","
        "\"password\":\"canary 1\",\"domain\":{\"name\":\"dom\\\"ain\"}}}},\"scope\":{\"project\":{\"name\":"
        "\"cn-north-4\"}}}}");
}

static void renewed_once_under_a_401(void **state)
{
    struct iam_world *w = *state;
    gives(w, "canary-1", 86400);
    scripted_reply(w->world.server, 200, "", "{}");
    get(w);
    gives(w, "canary-2", 86400);
    write_password(w, "canary 2\n");
    scripted_reply(w->world.server, 401, "", UNAUTHORIZED);
    scripted_reply(w->world.server, 200, "", "{}");
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, 0);
    assert_int_equal(r.tries, 2);
    has(w->world.server, 2, "\r\nX-Auth-Token: canary-2\r\n");
    assert_int_equal(scripted_count(w->iam), 2);
    has(w->iam, 1, "\"password\":\"canary 2\"");
}

/* The tenth of its life that is left is the margin; the request that sees that still goes out with the old one. */
static void renewed_before_its_end(void **state)
{
    struct iam_world *w = *state;
    gives(w, "canary-1", 1000);
    gives(w, "canary-2", 86400);
    scripted_reply(w->world.server, 200, "", "{}");
    get(w);
    unsigned before = kube_auth_generation(w->world.kube->auth);
    clock_move_ms(901000);
    uv_update_time(&w->world.loop);
    scripted_reply(w->world.server, 200, "", "{}");
    scripted_reply(w->world.server, 200, "", "{}");
    get(w);
    while (kube_auth_generation(w->world.kube->auth) == before)
        uv_run(&w->world.loop, UV_RUN_ONCE);
    get(w);
    has(w->world.server, 2, "\r\nX-Auth-Token: canary-2\r\n");
    assert_int_equal(scripted_count(w->iam), 2);
}

static void a_wrong_password_is_sent_once(void **state)
{
    struct iam_world *w = *state;
    struct kube_result r[2];
    scripted_reply(w->iam, 401, "", WRONG);
    start(w, &r[0]);
    start(w, &r[1]);
    for (int i = 0; i < 2; i++) {
        finish(&r[i]);
        assert_non_null(strstr(r[i].error.message, "user \"robot\" of domain \"dom\"ain\" is not known there, or the "
                                                   "password in "));
        assert_non_null(strstr(r[i].error.message, w->password));
        assert_non_null(strstr(r[i].error.message, w->world.config.iam->endpoint));
    }
    for (int i = 0; i < 5; i++) {
        r[0] = get(w);
        assert_non_null(strstr(r[0].error.message, "tried again in"));
    }
    assert_int_equal(scripted_count(w->iam), 1);
    assert_int_equal(scripted_count(w->world.server), 0);
    /* Another password is tried at once, and waits for nothing when it is wrong too. */
    write_password(w, "canary 2");
    scripted_reply(w->iam, 401, "", "{\"error\":{}}");
    get(w);
    assert_int_equal(scripted_count(w->iam), 2);
    get(w);
    assert_int_equal(scripted_count(w->iam), 2);
    write_password(w, "canary 3");
    gives(w, "canary-token", 86400);
    scripted_reply(w->world.server, 200, "", "{}");
    r[0] = get(w);
    assert_int_equal(r[0].error.code, 0);
    assert_int_equal(scripted_count(w->iam), 3);
}

static void iam_in_trouble(void **state)
{
    struct iam_world *w = *state;
    scripted_reply(w->iam, 503, "Retry-After: 4000\r\n", "<html>canary</html>");
    struct kube_result r = get(w);
    assert_non_null(strstr(r.error.message, "its answer is 503"));
    r = get(w);
    assert_non_null(strstr(r.error.message, "(tried again in 4000 s at the earliest)"));
    assert_int_equal(scripted_count(w->iam), 1);
}

static void iam_goes_away(void **state)
{
    struct iam_world *w = *state;
    scripted_act(w->iam, SCRIPTED_RESET);
    struct kube_result r = get(w);
    assert_int_equal(r.error.code, ERR_UNREACHABLE);
    assert_non_null(strstr(r.error.message, "the IAM at http://127.0.0.1"));
    assert_int_equal(scripted_count(w->iam), 1);
}

static void no_password(void **state)
{
    struct iam_world *w = *state;
    write_password(w, "\n");
    struct kube_result r = get(w);
    assert_non_null(strstr(r.error.message, "is empty"));
    assert_non_null(strstr(r.error.message, w->password));
    assert_int_equal(scripted_count(w->iam), 0);
}

static void closed_while_iam_is_asked(void **state)
{
    struct iam_world *w = *state;
    struct kube_result r;
    scripted_act(w->iam, SCRIPTED_SILENT);
    start(w, &r);
    while (!scripted_count(w->iam))
        uv_run(&w->world.loop, UV_RUN_ONCE);
    kube_close(w->world.kube, NULL, NULL);
    w->world.kube = NULL;
    finish(&r);
    assert_int_equal(r.error.code, ERR_CANCELLED);
}

/* What a server refuses again and again is not offered to it without a pause, and tried at once when it changes. */
static void refused_again_and_again(void **state)
{
    struct iam_world *w = *state;
    struct kube_result r;
    kube_iam_free(w->world.config.iam);
    free(w->world.config.iam);
    w->world.config.iam = NULL;
    write_password(w, "canary-old");
    w->world.config.token_file = str_dup(str_of(w->password));
    for (int i = 0; i < 3; i++)
        scripted_reply(w->world.server, 401, "", UNAUTHORIZED);
    for (int i = 0; i < 20; i++) {
        r = get(w);
        assert_int_equal(r.error.status, 401);
        assert_non_null(strstr(r.error.message, "the server does not know our credentials"));
    }
    assert_int_equal(scripted_count(w->world.server), 3);
    write_password(w, "canary-new");
    scripted_reply(w->world.server, 200, "", "{}");
    r = get(w);
    assert_int_equal(r.error.code, 0);
    has(w->world.server, 3, "canary-new");
}

/* ---- the messages alone ---- */

static void a_project_by_id(void **state)
{
    struct iam_world *w = *state;
    struct buf out = {.secret = true};
    free(w->world.config.iam->project);
    w->world.config.iam->project = str_dup(str_of("0123456789abcdef0123456789abcdef"));
    assert_int_equal(iam_write(w->world.config.iam, str_of("p"), &out, NULL), 0);
    assert_non_null(strstr(out.ptr, "{\"project\":{\"id\":\"0123456789abcdef0123456789abcdef\"}}"));
    buf_free(&out);
}

static void answers_that_are_none(void **state)
{
    (void)state;
    struct credential c;
    struct error err;
    int64_t now = 0, day = 86400 * CLOCK_SECOND;
    assert_true(clock_parse("2026-01-01T00:00:00Z", &now));
    assert_int_equal(iam_read(NULL, str_of("{}"), now, &c, &err), ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "X-Subject-Token"));
    assert_int_equal(iam_read("a b", str_of("{}"), now, &c, &err), ERR_INVALID);
    assert_int_equal(
        iam_read("t", str_of("{\"token\":{\"expires_at\":\"2025-12-31T23:59:59.000000Z\"}}"), now, &c, &err),
        ERR_INVALID);
    assert_non_null(strstr(err.message, "expired at 2025-12-31T23:59:59Z, and it is 2026-01-01T00:00:00Z here"));
    /* A day at most, and where it says nothing. */
    static const char *const bodies[] = {"{\"token\":{\"expires_at\":\"2027-01-01T00:00:00.000000Z\"}}", "{}",
                                         "no JSON", "{\"token\":{\"expires_at\":7}}"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(iam_read("t", str_of(bodies[i]), now, &c, &err), 0);
        assert_true(c.expires == now + day);
        credential_free(&c);
    }
}

static void refusals(void **state)
{
    struct iam_world *w = *state;
    struct error err;
    bool refused;
    iam_refusal(w->world.config.iam, 400, str_of("{\"error_msg\":\"no such\\nproject\"}"), str_of("canary"), &refused,
                &err);
    assert_true(refused);
    assert_non_null(strstr(err.message, "project \"cn-north-4\" (400); it says: no such | project"));
    iam_refusal(w->world.config.iam, 429, str_of("canary"), str_of("canary"), &refused, &err);
    assert_false(refused);
    assert_string_equal(err.message, "its answer is 429");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_token_for_all_who_wait),
        TEST(renewed_once_under_a_401),
        TEST(renewed_before_its_end),
        TEST(a_wrong_password_is_sent_once),
        TEST(iam_in_trouble),
        TEST(iam_goes_away),
        TEST(no_password),
        TEST(closed_while_iam_is_asked),
        TEST(refused_again_and_again),
        TEST(a_project_by_id),
        TEST(answers_that_are_none),
        TEST(refusals),
    };
    return cmocka_run_group_tests_name("kube_iam", tests, NULL, NULL);
}
