/* SPDX-License-Identifier: Apache-2.0 */
/* Huawei's signature: the published vectors, and requests that go out with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "kube/auth/sign.h"
#include "kube_server.h"

static void signature_is(const struct sign_request *request, const char *secret, const char *expected)
{
    struct buf out = BUF_INIT;
    assert_int_equal(sign_request(request, str_of("AccessKey"), str_of(secret), &out, NULL), 0);
    const char *signature = strstr(out.ptr, "Signature=");
    assert_non_null(signature);
    assert_string_equal(signature + 10, expected);
    buf_free(&out);
}

#define DATE "20060102T150405Z"
static const struct sign_header only_date[] = {{"x-sdk-date", {DATE, 16}}, {0}};

static void published_vectors(void **state)
{
    (void)state;
    struct sign_request get = {"GET", "https://h/path?limit=1", {0}, only_date, DATE, false};
    signature_is(&get, "SecretKey", "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624");
    struct sign_request post = {
        "POST", "https://h/path?key=value", str_of("{\"Name\":\"test\",\"Id\":1}\n"), only_date, DATE, false};
    signature_is(&post, "SecretKey", "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59");
    const char *url = "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs/"
                      "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0";
    struct sign_header headers[] = {{"content-type", str_of("application/json")},
                                    {"host", sign_host(url)},
                                    {"x-sdk-date", str_of("20191115T033655Z")},
                                    {0}};
    struct sign_request vpcs = {"GET", url, {0}, headers, "20191115T033655Z", false};
    signature_is(&vpcs, "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc",
                 "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe");
}

static char *header_of(const struct sign_request *request)
{
    struct buf out = BUF_INIT;
    assert_int_equal(sign_request(request, str_of("AK"), str_of("SK"), &out, NULL), 0);
    return buf_take(&out, NULL);
}

static void same(const char *a, const char *b, bool lower_a, bool equal)
{
    struct sign_request x = {"GET", a, {0}, only_date, DATE, lower_a}, y = {"GET", b, {0}, only_date, DATE, false};
    char *one = header_of(&x), *other = header_of(&y);
    assert_int_equal(strcmp(one, other) == 0, equal);
    free(one);
    free(other);
}

static void what_the_form_leaves_open(void **state)
{
    (void)state;
    same("http://h/a/b", "http://h/a/b/", false, true);
    same("http://h", "http://h/", false, true);
    same("http://h/a?b=1&a=2", "http://h/a?a=2&b=1", false, true);
    same("http://h/a?x=a%2cb%20c", "http://h/a?x=a,b%20c", false, true);
    same("http://h/a%2Fb", "http://h/a/b", false, false);
    same("http://h/a?b", "http://h/a?b=", false, true);
    same("http://h/?labelSelector=A", "http://h/?labelselector=A", false, false);
    same("http://h/?labelSelector=A", "http://h/?labelselector=A", true, true);
    assert_true(str_is(sign_host("https://h.example:443/x"), "h.example"));
    assert_true(str_is(sign_host("https://h.example:80"), "h.example:80"));
    assert_true(str_is(sign_host("http://[::1]:80/"), "[::1]"));
    assert_true(str_is(sign_host("http://h:8080?x"), "h:8080"));
    char date[SIGN_DATE_SIZE];
    sign_date(INT64_C(1136214245) * CLOCK_SECOND, date);
    assert_string_equal(date, DATE);
}

/* ---- requests ---- */

static const struct kube_resource jobs = {"kubeflow.org", "v1", "mpijobs"};
#define UNAUTHORIZED "{\"kind\":\"Status\",\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}"

static struct kube_world world;
static char paths[3][300];

static void write_key(int i, const char *text)
{
    FILE *f = fopen(paths[i], "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    kube_world_open(&world);
    for (int i = 0; i < 3; i++)
        snprintf(paths[i], sizeof paths[i], TEST_BINARY_DIR "/key-%d-%d", i, (int)getpid());
    write_key(0, "canary-access\n");
    write_key(1, " canary-secret\n");
    world.config.access_key_file = str_dup(str_of(paths[0]));
    world.config.secret_key_file = str_dup(str_of(paths[1]));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kube_world_close(&world);
    for (int i = 0; i < 3; i++)
        unlink(paths[i]);
    return 0;
}

static struct kube_result put(void)
{
    struct kube_result r = {.world = &world};
    struct kube_query query = {.field_manager = "a b"};
    if (!world.kube)
        kube_world_connect(&world);
    assert_int_equal(
        kube_replace(world.kube, CALL(.body = str_of("{\"a\":1}"), .query = &query, .data = &r), NULL, NULL), 0);
    kube_result_wait(&r);
    free(r.body);
    r.body = NULL;
    if (r.error.code)
        assert_null(strstr(r.error.message, "canary"));
    return r;
}

static struct str field(unsigned request, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\r\n%s: ", name);
    const char *at = strstr(scripted_request(world.server, request), key);
    return at ? str_n(at + strlen(key), strcspn(at + strlen(key), "\r")) : (struct str){0};
}

/* What the server would compute from what has arrived. */
static void is_signed(unsigned request, const char *access, const char *secret)
{
    char date[32];
    struct buf url = BUF_INIT, expected = BUF_INIT;
    struct str at = field(request, "X-Sdk-Date"), token = field(request, "X-Security-Token");
    assert_int_equal(at.len, 16);
    snprintf(date, sizeof date, "%.*s", (int)at.len, at.ptr);
    buf_printf(&url, "http://127.0.0.1:%d/apis/kubeflow.org/v1/namespaces/ns/mpijobs/a?fieldManager=a%%20b",
               scripted_port(world.server));
    struct sign_header headers[4] = {
        {"host", field(request, "Host")}, {"x-sdk-date", at}, {token.len ? "x-security-token" : NULL, token}, {0}};
    struct sign_request r = {"PUT", url.ptr, str_of("{\"a\":1}"), headers, date, false};
    assert_int_equal(sign_request(&r, str_of(access), str_of(secret), &expected, NULL), 0);
    assert_true(str_eq(field(request, "Authorization"), buf_str(&expected)));
    buf_free(&url);
    buf_free(&expected);
}

static void each_try_is_signed(void **state)
{
    (void)state;
    write_key(2, "canary-token");
    world.config.security_token_file = str_dup(str_of(paths[2]));
    scripted_reply(world.server, 429, "Retry-After: 0\r\n", "{}");
    scripted_reply(world.server, 200, "", "{}");
    assert_int_equal(put().error.code, 0);
    assert_true(str_is(field(0, "X-Security-Token"), "canary-token"));
    is_signed(0, "canary-access", "canary-secret");
    is_signed(1, "canary-access", "canary-secret");
}

static void keys_that_are_rotated(void **state)
{
    (void)state;
    kube_world_connect(&world);
    write_key(0, "canary-access-2");
    write_key(1, "canary-secret-2");
    scripted_reply(world.server, 401, "", UNAUTHORIZED);
    scripted_reply(world.server, 200, "", "{}");
    assert_int_equal(put().error.code, 0);
    is_signed(0, "canary-access", "canary-secret");
    is_signed(1, "canary-access-2", "canary-secret-2");
    scripted_reply(world.server, 401, "", UNAUTHORIZED);
    assert_int_equal(put().error.status, 401);
    assert_int_equal(scripted_count(world.server), 3);
}

static void a_clock_that_is_wrong(void **state)
{
    (void)state;
    scripted_reply(world.server, 401, "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n", UNAUTHORIZED);
    struct kube_result r = put();
    assert_int_equal(r.error.status, 401);
    assert_non_null(strstr(r.error.message, " s ahead of the server's, and a signature is refused"));
    scripted_reply(world.server, 401, "Date: Fri, 02 Jan 2099 15:04:05 GMT\r\n", UNAUTHORIZED);
    r = put();
    assert_non_null(strstr(r.error.message, " s behind the server's"));
}

static void keys_that_are_none(void **state)
{
    (void)state;
    struct error err;
    write_key(1, "\n");
    assert_int_equal(kube_open(&world.loop, &world.config, &world.options, &world.kube, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "the secret key's file "));
    assert_non_null(strstr(err.message, " is empty"));
    world.kube = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(what_the_form_leaves_open),
        TEST(each_try_is_signed),
        TEST(keys_that_are_rotated),
        TEST(a_clock_that_is_wrong),
        TEST(keys_that_are_none),
    };
    return cmocka_run_group_tests_name("kube_sign", tests, NULL, NULL);
}
