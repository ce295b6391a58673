/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers as they should go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/answer.h" /* what cannot be seen from outside */
#include "http/url.h"
#include "http_fixture.h"

static void a_get_is_answered(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/a?b=c"));
    assert_int_equal(x.code, 0);
    assert_int_equal(x.status, 200);
    assert_string_equal(x.body, "ok");
    assert_string_equal(x.type, "text/plain");
    assert_int_equal(x.retry_after_ms, -1);
    assert_int_equal(x.warning_count, 0);
    assert_true(x.sent);
    assert_false(x.has_server);
    fixture_close(&f);
    peer_stop(&peer);
}

static void connections_are_kept(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    for (int i = 0; i < 50; i++) {
        struct exchange x = {0};
        get(&f, &x, peer_url(&peer, "http", "/"));
        assert_int_equal(x.status, 200);
    }
    assert_int_equal(peer.connections, 1);
    assert_int_equal(peer.requests, 50);
    fixture_close(&f);
    peer_stop(&peer);
}

static void many_at_once_share_the_pool(void **state)
{
    (void)state;
    enum { N = 60 };
    struct peer peer;
    struct fixture f;
    struct exchange *x = calloc(N, sizeof *x);
    assert_non_null(x);
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .connections = 4});
    for (int i = 0; i < N; i++)
        exchange_send(&f, &x[i], &(struct http_call){.url = peer_url(&peer, "http", "/")});
    for (int i = 0; i < N; i++) {
        exchange_wait(&x[i]);
        assert_int_equal(x[i].status, 200);
    }
    assert_in_range(peer.connections, 1, 4);
    fixture_close(&f);
    peer_stop(&peer);
    free(x);
}

/* What the server sees, noted by the script and looked at when the answer is there. */
struct noted {
    char head[PEER_HEAD_MAX];
    size_t body_len;
    bool expect, encoding, form;
};

static void note_request(struct peer_conn *conn)
{
    struct noted *noted = conn->peer->data;
    while (peer_request(conn)) {
        memcpy(noted->head, conn->head, sizeof noted->head);
        noted->body_len = conn->body_len;
        noted->expect = peer_header_name(conn, "Expect");
        noted->encoding = peer_header_name(conn, "Accept-Encoding");
        peer_answer(conn, "200 OK", "", "{}");
    }
}

static void a_large_put_is_sent_at_once(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    static struct noted noted;
    size_t size = 3u << 20;
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, 'x', size);
    peer_start(&peer, note_request, NULL, &noted);
    fixture_open(&f, NULL);
    const struct http_header headers[] = {
        {"Authorization", "Bearer abc", true}, {"X-Empty", "", false}, {"Accept", "application/json", false}, {0}};
    exchange_send(&f, &x,
                  &(struct http_call){.method = "PUT",
                                      .url = peer_url(&peer, "http", "/x?fieldManager=mpijobd"),
                                      .headers = headers,
                                      .body = str_n(body, size)});
    free(body); /* it was copied */
    exchange_wait(&x);
    assert_int_equal(x.status, 200);
    assert_int_equal(noted.body_len, size);
    assert_false(noted.expect);
    assert_false(noted.encoding);
    assert_non_null(strstr(noted.head, "PUT /x?fieldManager=mpijobd HTTP/1.1\r\n"));
    assert_non_null(strstr(noted.head, "\r\nAuthorization: Bearer abc\r\n"));
    assert_non_null(strstr(noted.head, "\r\nX-Empty:"));
    assert_non_null(strstr(noted.head, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(noted.head, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(noted.head, "\r\nUser-Agent: mpijobd/"));
    assert_null(strstr(noted.head, "urlencoded"));
    fixture_close(&f);
    peer_stop(&peer);
}

static void methods_go_out_as_they_are(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct noted noted;
    peer_start(&peer, note_request, NULL, &noted);
    fixture_open(&f, NULL);
    static const struct {
        const char *method, *body, *type, *want_type;
    } cases[] = {{"DELETE", "", NULL, NULL},
                 {"DELETE", "{}", NULL, "Content-Type: application/json"},
                 {"PATCH", "{}", "application/merge-patch+json", "Content-Type: application/merge-patch+json"},
                 {"POST", "", NULL, NULL},
                 {"GET", "", NULL, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct exchange x = {0};
        exchange_run(&f, &x,
                     &(struct http_call){.method = cases[i].method,
                                         .url = peer_url(&peer, "http", "/"),
                                         .body = str_of(cases[i].body),
                                         .content_type = cases[i].type});
        assert_int_equal(x.status, 200);
        assert_memory_equal(noted.head, cases[i].method, strlen(cases[i].method));
        assert_int_equal(noted.body_len, strlen(cases[i].body));
        if (cases[i].want_type)
            assert_non_null(strstr(noted.head, cases[i].want_type));
        else
            assert_null(strstr(noted.head, "Content-Type"));
    }
    assert_int_equal(peer.connections, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_head_only(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
}

static void head_has_no_body(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, answer_head_only, NULL, NULL);
    fixture_open(&f, NULL);
    for (int i = 0; i < 2; i++) {
        struct exchange x = {0};
        exchange_run(&f, &x, &(struct http_call){.method = "HEAD", .url = peer_url(&peer, "http", "/")});
        assert_int_equal(x.code, 0);
        assert_int_equal(x.status, 200);
        assert_int_equal(x.body_len, 0);
    }
    assert_int_equal(peer.connections, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_with_headers(struct peer_conn *conn)
{
    while (peer_request(conn)) {
        peer_puts(conn, "HTTP/1.1 100 Continue\r\nX-Test: not this one\r\n\r\n");
        peer_puts(conn, "HTTP/1.1 429 Too Many Requests\r\n"
                        "Date: Mon, 23 Nov 2026 20:00:00 GMT\r\n"
                        "Retry-After: Mon, 23 Nov 2026 20:00:07 GMT\r\n"
                        "Warning: 299 - \"unknown field \\\"spec.x\\\"\"\r\n"
                        "warning: 299 - \"one\", 299 - \"two, \\\\ and more\" \"Mon, 23 Nov 2026 20:00:00 GMT\"\r\n"
                        "Warning: as it stands\r\n"
                        "X-test:   folded\r\n   value \t\r\n"
                        "Transfer-Encoding: chunked\r\n\r\n"
                        "4\r\nslow\r\n5\r\n down\r\n0\r\nX-Trailer: t\r\nX-Test: trailer\r\n\r\n");
    }
}

static void headers_of_an_answer_are_read(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, answer_with_headers, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    assert_int_equal(x.status, 429);
    assert_string_equal(x.body, "slow down");
    assert_string_equal(x.type, "");
    assert_string_equal(x.server, "folded value");
    assert_int_equal(x.date, 1795464000);
    assert_int_equal(x.retry_after_ms, 7000);
    assert_int_equal(x.warning_count, 4);
    assert_string_equal(x.warnings[0], "unknown field \"spec.x\"");
    assert_string_equal(x.warnings[1], "one");
    assert_string_equal(x.warnings[2], "two, \\ and more");
    assert_string_equal(x.warnings[3], "as it stands");
    fixture_close(&f);
    peer_stop(&peer);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    assert_int_equal(retry_after_read(NULL, 0), -1);
    assert_int_equal(retry_after_read("", 0), -1);
    assert_int_equal(retry_after_read("1", 0), 1000);
    assert_int_equal(retry_after_read("0", 0), 0);
    assert_int_equal(retry_after_read("-1", 0), -1);
    assert_int_equal(retry_after_read("soon", 0), -1);
    assert_int_equal(retry_after_read("99999999999999999999999", 0), INT64_C(31536000000));
    assert_int_equal(retry_after_read("Mon, 23 Nov 2026 20:00:07 GMT", 1795464000), 7000);
    assert_int_equal(retry_after_read("Mon, 23 Nov 2020 20:00:07 GMT", 0), 0); /* past, by our own clock */
}

static void take_body(void *data, const struct http_answer *answer, const struct error *err)
{
    char **taken = data;
    assert_null(err);
    size_t len = 0;
    *taken = http_answer_take(answer, &len);
    assert_int_equal(len, 2);
}

static void a_body_can_be_taken(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    char *taken = NULL;
    struct error err;
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    const struct http_call call = {
        .method = "GET", .url = peer_url(&peer, "http", "/"), .done = take_body, .data = &taken};
    assert_int_equal(http_send(f.client, &call, NULL, &err), 0);
    while (!taken)
        uv_run(&f.loop, UV_RUN_ONCE);
    assert_string_equal(taken, "ok");
    free(taken);
    fixture_close(&f);
    peer_stop(&peer);
}

static void redirect(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_answer(conn, "302 Found", "Location: /elsewhere\r\n", "");
}

static void a_redirect_is_an_answer(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, redirect, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    assert_int_equal(x.status, 302);
    assert_int_equal(peer.requests, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- streams --- */

struct stream {
    struct exchange x;
    char got[256];
    size_t len;
    size_t stop_at; /* bytes, 0: never */
};

static bool on_data(void *data, const char *bytes, size_t n)
{
    struct stream *stream = data;
    assert_true(stream->len + n < sizeof stream->got);
    memcpy(stream->got + stream->len, bytes, n);
    stream->len += n;
    return !stream->stop_at || stream->len < stream->stop_at;
}

static void stream_or_refuse(struct peer_conn *conn)
{
    while (peer_request(conn)) {
        if (strstr(conn->head, "/refused"))
            peer_answer(conn, "410 Gone", "", "too old");
        else
            peer_puts(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    }
}

static void a_stream_gets_its_data_as_it_comes(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, stream_or_refuse, NULL, NULL);
    fixture_open(&f, NULL);

    struct stream whole = {0};
    struct http_call call = {.method = "GET",
                             .url = peer_url(&peer, "http", "/"),
                             .timeout_ms = UINT64_MAX,
                             .silence_ms = 60000,
                             .on_data = on_data};
    /* the exchange is the first member: done and on_data share their data */
    exchange_run(&f, &whole.x, &call);
    assert_int_equal(whole.x.status, 200);
    assert_int_equal(whole.x.body_len, 0);
    assert_string_equal(whole.got, "onetwo");

    struct stream stopped = {.stop_at = 1};
    exchange_run(&f, &stopped.x, &call);
    assert_int_equal(stopped.x.code, ERR_CANCELLED);
    assert_int_equal(stopped.len, 3);

    struct stream refused = {0};
    call.url = peer_url(&peer, "http", "/refused");
    exchange_run(&f, &refused.x, &call);
    assert_int_equal(refused.x.status, 410);
    assert_int_equal(refused.len, 0);
    assert_string_equal(refused.x.body, "too old");
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- what is refused before anything is sent --- */

static void never(void *data, const struct http_answer *answer, const struct error *err)
{
    (void)data, (void)answer, (void)err;
    fail_msg("done was called for a call that was refused");
}

static void bad_calls_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_open(&f, NULL);
    static const struct http_header broken[] = {{"X", "a\r\nY: b", false}, {0}};
    static const struct http_header nameless[] = {{"X Y", "a", false}, {0}};
    static const struct http_header valueless[] = {{"X", NULL, false}, {0}};
    const struct http_call calls[] = {
        {.method = "GET", .url = "ftp://127.0.0.1/"},
        {.method = "GET", .url = "127.0.0.1"},
        {.method = "GET", .url = ""},
        {.method = "GET", .url = NULL},
        {.method = "GET", .url = "http://127.0.0.1:99999/"},
        {.method = "GET", .url = "http://a b/"},
        {.method = "GET", .url = "http://127.0.0.1/\r\nX: y"},
        {.method = "GET", .url = "file:///etc/passwd"},
        {.method = "GE T", .url = "http://127.0.0.1/"},
        {.method = "", .url = "http://127.0.0.1/"},
        {.method = "GET", .url = "http://127.0.0.1/", .headers = broken},
        {.method = "GET", .url = "http://127.0.0.1/", .headers = nameless},
        {.method = "GET", .url = "http://127.0.0.1/", .headers = valueless},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct http_call call = calls[i];
        call.done = never;
        struct error err = {0};
        struct http_request *request = NULL;
        if (http_send(f.client, &call, &request, &err) != ERR_INVALID)
            fail_msg("case %zu was not refused", i);
        assert_null(request);
        assert_true(strlen(err.message) > 10);
    }
    fixture_close(&f);
}

static void urls_are_shown_without_secrets(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://h:1/p?limit=5&continue=abc", "https://h:1/p?limit=5&continue=abc"},
        {"https://user:pw@h/p", "https://h/p"},
        {"https://h/p?access_token=s3&x=1", "https://h/p?access_token=***&x=1"},
        {"https://h/p?Key=s3&labelSelector=key%3Dv", "https://h/p?Key=***&labelSelector=key%3Dv"},
        {"https://h/p?sig=s3#frag", "https://h/p?sig=***"},
        {"https://h/p?PASSWORD=a=b&c", "https://h/p?PASSWORD=***&c"},
        {"nonsense", "nonsense"},
        {"", ""}};
    char shown[URL_SHOWN_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        url_show(cases[i][0], shown);
        assert_string_equal(shown, cases[i][1]);
    }
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    url_show(text, shown);
    assert_true(strlen(shown) < URL_SHOWN_MAX);
    assert_string_equal(shown + strlen(shown) - 3, "...");
}

static void urls_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port; /* host NULL: refused */
        const char *named;              /* the text with the host "name"; NULL: as given */
    } cases[] = {
        {"https://h", "h", "443", "https://name/"},
        {"http://h", "h", "80", NULL},
        {"HTTPS://h:8443/p", "h", "8443", "https://name:8443/p"},
        {"https://h:/p", "h", "443", "https://name/p"},
        {"https://H.Example/a/../b", "H.Example", "443", "https://name/a/../b"},
        {"https://h/%2E%2e/x?a=%2f", "h", "443", "https://name/%2E%2e/x?a=%2f"},
        {"https://NAME/p", "NAME", "443", NULL},
        {"https://[::1]:6443/", "[::1]", "6443", "https://name:6443/"},
        {"https://[fe80::1%25eth0]:6443/", "[fe80::1]", "6443", "https://name:6443/"},
        {"https://127.1/", "127.0.0.1", "443", "https://name/"},
        {"https://user:pw@h/p", "h", "443", "https://user:pw@name/p"},
        {.text = "https://::1/"},
        {.text = "https://[::1"},
        {.text = "https://[::1]x/"},
        {.text = "https://h:65536/"},
        {.text = "https://h:80:80/"},
        {.text = "https://h:x/"},
        {.text = "https://"},
        {.text = "https:h"},
        {.text = "h:80"},
        {.text = "//h"},
        {.text = ""},
        {.text = "ftp://h"},
        {.text = "https://a b/"},
        {.text = "https://a\tb/"},
        {.text = "https://a\x7f/"},
        {.text = "https://a@b@c/"},
        {.text = "https://h\\x/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct url url, named;
        struct error err = {0};
        int rc = url_parse(cases[i].text, NULL, &url, &err);
        if (rc != (cases[i].host ? 0 : ERR_INVALID))
            fail_msg("%s: %d", cases[i].text, rc);
        if (rc) {
            assert_non_null(strstr(err.message, "bad URL \""));
            assert_null(url.text);
            continue;
        }
        assert_int_equal(url_parse(cases[i].text, "name", &named, &err), 0);
        assert_string_equal(url.text, cases[i].text);
        assert_string_equal(named.text, cases[i].named ? cases[i].named : cases[i].text);
        assert_string_equal(url.host, cases[i].host);
        assert_string_equal(named.host, cases[i].host);
        assert_string_equal(url.port, cases[i].port);
        assert_int_equal(url.tls, strncasecmp(cases[i].text, "https", 5) == 0);
        url_free(&url);
        url_free(&named);
    }
}

static void a_request_is_one_debug_line(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0}, y = {0};
    int pipes[2];
    struct log log;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    log_init(&log, pipes[1], NULL);
    log.level = LOG_DEBUG;
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .log = &log});
    const struct http_header headers[] = {{"Authorization", "Bearer hidden-in-header", true}, {0}};
    exchange_run(&f, &x,
                 &(struct http_call){.method = "PUT",
                                     .url = peer_url(&peer, "http", "/p?token=hidden-in-query&limit=1"),
                                     .headers = headers,
                                     .body = str_of("hidden-in-body")});
    peer_stop(&peer);
    get(&f, &y, peer_url(&peer, "http", "/gone"));
    fixture_close(&f);
    close(pipes[1]);
    char text[2048] = {0};
    assert_true(read(pipes[0], text, sizeof text - 1) > 0);
    close(pipes[0]);
    assert_non_null(strstr(text, "debug http method=PUT url=\"http://127.0.0.1:"));
    assert_non_null(strstr(text, "/p?token=***&limit=1\" status=200 ms="));
    assert_non_null(strstr(text, "error=Unreachable ms="));
    assert_null(strstr(text, "hidden"));
    size_t lines = 0;
    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 2);
}

/* A dead peer is noticed by the kernel: the options are really set on the client's socket. */
static void keepalive_is_on(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    int found = 0;
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in to;
        socklen_t len = sizeof to;
        if (getpeername(fd, (struct sockaddr *)&to, &len) != 0 || to.sin_family != AF_INET ||
            ntohs(to.sin_port) != peer.port)
            continue;
        int on = 0, timeout = 0;
        socklen_t size = sizeof on;
        assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
        size = sizeof timeout;
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &size), 0);
        assert_true(on && timeout == 30000);
        found++;
    }
    assert_int_equal(found, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_as_proxy(struct peer_conn *conn)
{
    while (peer_request(conn))
        peer_answer(conn, "200 OK", "", strstr(conn->head, "GET http://somewhere.test/") ? "proxied" : "direct");
}

static void proxies_come_from_the_configuration_or_the_environment(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    char proxy[64];
    peer_start(&peer, answer_as_proxy, NULL, NULL);
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", peer.port);

    struct exchange x = {0};
    fixture_open(&f, &(struct http_config){.proxy = proxy});
    get(&f, &x, "http://somewhere.test/");
    assert_string_equal(x.body, "proxied");
    fixture_close(&f);

    setenv("http_proxy", proxy, 1);
    struct exchange y = {0}, z = {0};
    fixture_open(&f, &(struct http_config){0});
    get(&f, &y, "http://somewhere.test/");
    assert_string_equal(y.body, "proxied");
    get(&f, &z, peer_url(&peer, "http", "/")); /* this machine is not behind the environment's proxy */
    assert_string_equal(z.body, "direct");
    fixture_close(&f);
    unsetenv("http_proxy");
    peer_stop(&peer);
}

/* The token is in the heap while the request is under way, and nowhere in it afterwards: neither in our copies nor in
 * libcurl's. */
static void a_token_is_wiped(void **state)
{
    (void)state;
    static struct peer peer;
    struct fixture f;
    static struct exchange x;
    char token[40] = "Bearer ";
    for (size_t i = 7; i < 39; i++)
        token[i] = (char)('a' + (getpid() >> (i % 8)) % 26);
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    const struct http_header headers[] = {{"Authorization", token, true}, {0}};
    exchange_send(&f, &x, &(struct http_call){.url = peer_url(&peer, "http", "/"), .headers = headers});
    int before = heap_count(token, 39);
    exchange_wait(&x);
    uv_run(&f.loop, UV_RUN_NOWAIT);
    int after = heap_count(token + 16, 23); /* freed memory may have the allocator's own words at its beginning */
    fixture_close(&f);
    peer_stop(&peer);
    if (before < 0)
        skip();
    assert_true(before > 0);
    assert_int_equal(after, 0);
}

int main(void)
{
    heap_is_one();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_answered),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(many_at_once_share_the_pool),
        cmocka_unit_test(a_large_put_is_sent_at_once),
        cmocka_unit_test(methods_go_out_as_they_are),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(headers_of_an_answer_are_read),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(a_body_can_be_taken),
        cmocka_unit_test(a_redirect_is_an_answer),
        cmocka_unit_test(a_stream_gets_its_data_as_it_comes),
        cmocka_unit_test(bad_calls_are_refused),
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(urls_are_shown_without_secrets),
        cmocka_unit_test(a_request_is_one_debug_line),
        cmocka_unit_test(keepalive_is_on),
        cmocka_unit_test(a_token_is_wiped),
        cmocka_unit_test(proxies_come_from_the_configuration_or_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
