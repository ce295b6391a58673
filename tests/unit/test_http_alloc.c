/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation fails in turn, libcurl's own included: they go through the floor's functions (http/curl_memory.c).
 * Whatever fails is an error of that one request; the client goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "certificates.h"
#include "http_fixture.h"

static void answer_with_warnings(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_answer(conn, "200 OK",
                    "Content-Type: application/json\r\nWarning: 299 - \"one\"\r\nWarning: 299 - \"two\"\r\n", "{}");
}

static void making_a_client_fails_cleanly(void **state)
{
    (void)state;
    struct identity authority, client;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&client, &authority, "client", NULL);
    const struct http_config config = {.proxy = "http://127.0.0.1:1",
                                       .tls = {.ca = str_of(authority.certificate_pem),
                                               .certificate = str_of(client.certificate_pem),
                                               .key = str_of(client.key_pem),
                                               .server_name = "api.test"}};
    long n = 1;
    for (bool failed = true; failed; n++) {
        uv_loop_t loop;
        struct http_client *made = NULL;
        struct error err;
        assert_int_equal(uv_loop_init(&loop), 0);
        alloc_fail_at(n);
        int rc = http_client_new(&loop, &config, &made, &err);
        failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (rc == 0)
            http_client_close(made, NULL, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
    assert_true(n > 10);
    identity_free(&authority);
    identity_free(&client);
}

/* done and http_send's own refusal, told apart by neither: the one code that it came to. */
struct outcome {
    struct error err;
    int calls, code, status;
};

static void on_done(void *data, const struct http_answer *answer, const struct error *err)
{
    struct outcome *outcome = data;
    outcome->calls++;
    outcome->status = answer ? answer->status : 0;
    outcome->code = err ? err->code : 0;
    if (err)
        outcome->err = *err;
}

static struct outcome put(struct fixture *f, const char *url)
{
    struct outcome outcome = {0};
    const struct http_header headers[] = {
        {"Authorization", "Bearer t", true}, {"Accept", "application/json", false}, {0}};
    const struct http_call call = {.method = "PUT",
                                   .url = url,
                                   .headers = headers,
                                   .body = str_of("{\"a\":1}"),
                                   .timeout_ms = 5000,
                                   .done = on_done,
                                   .data = &outcome};
    outcome.code = http_send(f->client, &call, NULL, &outcome.err);
    if (outcome.code == 0)
        fixture_wait(f, &outcome.calls, 1);
    return outcome;
}

static void fail_in_turn(const struct http_config *config, SSL_CTX *context, const char *scheme, bool fresh)
{
    static struct peer peer;
    struct fixture f;
    long n = 1;
    long refused = 0;
    for (bool failed = true; failed; n++) {
        if (n % 30 == 1) { /* the peer has so many connections and no more */
            if (n > 1) {
                fixture_close(&f);
                peer_stop(&peer);
            }
            peer_start(&peer, answer_with_warnings, context, NULL);
            fixture_open(&f, config);
        }
        if (fresh && n % 30 != 1) {
            fixture_close(&f);
            fixture_open(&f, config);
        }
        const char *url = peer_url(&peer, scheme, "/x?y=z");
        if (!fresh)
            assert_int_equal(put(&f, url).status, 200); /* the connection is there */
        alloc_fail_at(n);
        struct outcome outcome = put(&f, url);
        failed = alloc_failed();
        alloc_fail_at(0);
        if (outcome.code && outcome.code != ERR_NOMEM && outcome.code != ERR_UNREACHABLE &&
            outcome.code != ERR_PROTOCOL)
            fail_msg("allocation %ld: %d %s", n, outcome.code, outcome.err.message);
        refused += outcome.code == ERR_NOMEM;
        if (!failed)
            assert_int_equal(outcome.status, 200);
        struct outcome after = put(&f, url); /* no harm was done to the client */
        if (after.status != 200)
            fail_msg("after allocation %ld (%d %s): %s", n, outcome.code, outcome.err.message, after.err.message);
    }
    assert_true(refused > 10);
    fixture_close(&f);
    peer_stop(&peer);
}

static void a_request_on_a_new_connection_fails_cleanly(void **state)
{
    (void)state;
    fail_in_turn(&(struct http_config){.proxy = ""}, NULL, "http", true);
}

static void a_request_on_a_kept_connection_fails_cleanly(void **state)
{
    (void)state;
    fail_in_turn(&(struct http_config){.proxy = ""}, NULL, "http", false);
}

static void a_request_over_tls_fails_cleanly(void **state)
{
    (void)state;
    struct identity authority, server;
    identity_make(&authority, NULL, "authority", NULL);
    identity_make(&server, &authority, "server", "DNS:api.test");
    SSL_CTX *context = server_context(&server, NULL);
    fail_in_turn(
        &(struct http_config){.proxy = "", .tls = {.ca = str_of(authority.certificate_pem), .server_name = "api.test"}},
        context, "https", true);
    SSL_CTX_free(context);
    identity_free(&authority);
    identity_free(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_a_client_fails_cleanly),
        cmocka_unit_test(a_request_on_a_new_connection_fails_cleanly),
        cmocka_unit_test(a_request_on_a_kept_connection_fails_cleanly),
        cmocka_unit_test(a_request_over_tls_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
