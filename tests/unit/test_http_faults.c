/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that can go wrong between a request and its answer. Time and the name resolver are the test's own: libcurl
 * finds this program's getaddrinfo before the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/client.h"
#include "http_fixture.h"
#include "moved_clock.h"

static uv_sem_t resolving, resolve, stalled;

/* On a thread of libcurl's. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
    (void)service, (void)hints;
    *result = NULL;
    if (node && strcmp(node, "slow.test") == 0) {
        uv_sem_post(&resolving);
        uv_sem_wait(&resolve);
    }
    return EAI_NONAME;
}

/* As libcurl 7.88 did it, with HTTP/2, when a connection was killed amid a body. */
static bool forgive_cut;

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    CURLMsg *(*real)(CURLM *, int *);
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_info_read");
    CURLMsg *message = real(multi, left);
    if (message && forgive_cut && message->data.result == CURLE_PARTIAL_FILE)
        message->data.result = CURLE_OK;
    return message;
}

static int open_resolver(void **state)
{
    (void)state;
    return uv_sem_init(&resolving, 0) || uv_sem_init(&resolve, 0) || uv_sem_init(&stalled, 0);
}

/* --- no connection --- */

static void a_refused_connection_is_unreachable(void **state)
{
    (void)state;
    struct fixture f;
    struct exchange x = {0};
    const struct peer dead = {.port = peer_dead_port()};
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&dead, "http", "/x?token=t"));
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_true(x.err.retryable);
    assert_false(x.sent);
    assert_non_null(strstr(x.err.message, "GET http://127.0.0.1:"));
    assert_non_null(strstr(x.err.message, "/x?token=***: cannot connect to 127.0.0.1 port"));
    assert_non_null(strstr(x.err.message, "Connection refused"));
    fixture_close(&f);
}

static void a_name_that_does_not_resolve_is_unreachable(void **state)
{
    (void)state;
    struct fixture f;
    struct exchange x = {0};
    fixture_open(&f, NULL);
    get(&f, &x, "http://missing.test/");
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_true(x.err.retryable);
    assert_false(x.sent);
    assert_non_null(strstr(x.err.message, "does not resolve"));
    assert_non_null(strstr(x.err.message, "missing.test"));
    fixture_close(&f);
}

/* Turns the loop until another thread has come to a place. */
static void wait_for(struct fixture *f, uv_sem_t *place)
{
    while (uv_sem_trywait(place) != 0) {
        uv_run(&f->loop, UV_RUN_NOWAIT);
        sched_yield();
    }
}

/* libcurl would wait for its resolver thread; without QUICK_EXIT this test never ends. */
static void ending_while_a_name_is_looked_up_does_not_block(void **state)
{
    (void)state;
    struct fixture f;
    struct exchange x = {0}, y = {0};
    fixture_open(&f, NULL);
    exchange_send(&f, &x, &(struct http_call){.url = "http://slow.test/"});
    wait_for(&f, &resolving);
    http_cancel(x.request);
    exchange_wait(&x);
    assert_int_equal(x.code, ERR_CANCELLED);
    assert_false(x.sent);
    exchange_send(&f, &y, &(struct http_call){.url = "http://slow.test/", .timeout_ms = 5000});
    wait_for(&f, &resolving);
    clock_move_ms(5000);
    exchange_wait(&y);
    assert_int_equal(y.code, ERR_TIMEOUT);
    fixture_close(&f); /* the loop is closed while both threads still look the name up */
    uv_sem_post(&resolve);
    uv_sem_post(&resolve);
}

static void say_nothing(struct peer_conn *conn)
{
    peer_wait_gone(conn);
}

/* libcurl's own timer, of the only transfer that there is: reported all the same. */
static void a_handshake_that_never_ends_times_out(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, say_nothing, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .connect_timeout_ms = 40});
    get(&f, &x, peer_url(&peer, "https", "/"));
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_true(x.err.retryable);
    assert_false(x.sent);
    assert_non_null(strstr(x.err.message, "within 40 ms"));
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- deadlines --- */

static void the_last_transfer_times_out_too(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, say_nothing, NULL, NULL);
    fixture_open(&f, NULL);
    exchange_send(&f, &x, &(struct http_call){.url = peer_url(&peer, "http", "/"), .timeout_ms = 40000});
    while (!http_request_sent(x.request))
        uv_run(&f.loop, UV_RUN_NOWAIT);
    clock_move_ms(40000 - 10000); /* of which a machine may take its share */
    uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(x.calls, 0);
    clock_move_ms(10000);
    exchange_wait(&x);
    assert_int_equal(x.code, ERR_TIMEOUT);
    assert_true(x.err.retryable);
    assert_true(x.sent);
    assert_non_null(strstr(x.err.message, "no answer within 40000 ms"));
    fixture_close(&f);
    peer_stop(&peer);
}

static void stall_in_body(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    peer_wait_gone(conn);
}

static void stall_in_body_and_tell(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
    uv_sem_post(&stalled);
    peer_wait_gone(conn);
}

static void a_stalled_body_times_out(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, stall_in_body_and_tell, NULL, NULL);
    fixture_open(&f, NULL);
    exchange_send(&f, &x, &(struct http_call){.url = peer_url(&peer, "http", "/"), .timeout_ms = 60000});
    wait_for(&f, &stalled);
    clock_move_ms(60000);
    exchange_wait(&x);
    assert_int_equal(x.code, ERR_TIMEOUT);
    assert_true(x.sent);
    assert_true(x.err.message[0] != '\0');
    fixture_close(&f);
    peer_stop(&peer);
}

static void a_full_pool_does_not_stop_the_deadline(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange first = {0}, queued = {0};
    peer_start(&peer, say_nothing, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .connections = 1});
    exchange_send(&f, &first, &(struct http_call){.url = peer_url(&peer, "http", "/1"), .timeout_ms = UINT64_MAX});
    exchange_run(&f, &queued, &(struct http_call){.url = peer_url(&peer, "http", "/2"), .timeout_ms = 40});
    assert_int_equal(queued.code, ERR_TIMEOUT);
    assert_false(queued.sent);
    assert_non_null(strstr(queued.err.message, "no free connection within 40 ms"));
    assert_int_equal(first.calls, 0);
    fixture_close(&f); /* ends the first */
    assert_int_equal(first.code, ERR_CANCELLED);
    peer_stop(&peer);
}

/* One chunk a step; between two of them the clock jumps by a minute. */
struct trickle {
    struct exchange x;
    uv_sem_t next;
    int chunks;
};

static void trickle_body(struct peer_conn *conn)
{
    struct trickle *trickle = conn->peer->data;
    if (!peer_request(conn))
        return;
    peer_puts(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        peer_puts(conn, "1\r\nx\r\n");
        uv_sem_wait(&trickle->next);
    }
    peer_wait_gone(conn);
}

static bool count_chunk(void *data, const char *bytes, size_t n)
{
    struct trickle *trickle = data;
    (void)bytes, (void)n;
    trickle->chunks++;
    uv_stop(
        &trickle->x.fixture->loop); /* the jump of the clock may have libcurl read in a timer, before the loop waits */
    return true;
}

static void silence_ends_a_stream_and_data_keeps_it(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct trickle trickle;
    assert_int_equal(uv_sem_init(&trickle.next, 0), 0);
    peer_start(&peer, trickle_body, NULL, &trickle);
    fixture_open(&f, NULL);
    exchange_send(&f, &trickle.x,
                  &(struct http_call){.url = peer_url(&peer, "http", "/"),
                                      .timeout_ms = UINT64_MAX,
                                      .silence_ms = 100000,
                                      .on_data = count_chunk});
    for (int chunk = 1; chunk <= 3; chunk++) {
        fixture_wait(&f, &trickle.chunks, chunk);
        clock_move_ms(chunk < 3 ? 60000 : 101000);
        uv_sem_post(&trickle.next);
    }
    exchange_wait(&trickle.x);
    assert_int_equal(trickle.x.code, ERR_TIMEOUT);
    assert_int_equal(trickle.chunks, 3);
    assert_non_null(strstr(trickle.x.err.message, "not a byte came for 100000 ms"));
    fixture_close(&f);
    peer_stop(&peer);
    uv_sem_destroy(&trickle.next);
}

/* 0 ms timers: were each one turned into 1 ms, as in libcurl's example, these would take a second. Bounded by the turns
 * of the loop, not by time, so that a busy machine does not matter. */
static void a_request_takes_few_turns_of_the_loop(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    for (int i = 0; i < 20; i++) {
        struct exchange x = {0};
        exchange_send(&f, &x, &(struct http_call){.url = peer_url(&peer, "http", "/")});
        int timers = 0;
        while (!x.calls) {
            /* were a timer of libcurl's the next thing to come, the loop would wait for it: only the deadline may be */
            int wait = uv_backend_timeout(&f.loop);
            timers += wait > 0 && wait < 1000;
            uv_run(&f.loop, UV_RUN_ONCE);
        }
        if (i > 0)
            assert_int_equal(timers, 0);
    }
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- bodies --- */

static void cut_by_length(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
}

static void cut_in_chunks(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"half\":\r\n");
}

static void cut_in_old_http(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
}

static void cut_by_reset(struct peer_conn *conn)
{
    if (!peer_request(conn))
        return;
    peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
    uv_sem_wait(conn->peer->data); /* until it has arrived: a reset throws away what has not been read */
    peer_reset(conn);
}

struct cut {
    struct exchange x;
    uv_sem_t *arrived;
};

static bool say_arrived(void *data, const char *bytes, size_t n)
{
    (void)bytes, (void)n;
    uv_sem_post(((struct cut *)data)->arrived);
    return true;
}

static void a_body_cut_short_is_no_success(void **state)
{
    (void)state;
    void (*const scripts[])(struct peer_conn *) = {cut_by_length, cut_in_chunks, cut_in_old_http, cut_by_reset};
    uv_sem_t arrived;
    for (size_t i = 0; i < 4; i++) {
        struct peer peer;
        struct fixture f;
        struct cut cut = {.arrived = &arrived};
        assert_int_equal(uv_sem_init(&arrived, 0), 0);
        peer_start(&peer, scripts[i], NULL, &arrived);
        fixture_open(&f, NULL);
        exchange_run(&f, &cut.x,
                     &(struct http_call){.url = peer_url(&peer, "http", "/"), .on_data = i == 3 ? say_arrived : NULL});
        assert_int_equal(cut.x.code, ERR_PROTOCOL);
        assert_true(cut.x.err.retryable);
        assert_true(cut.x.sent);
        assert_non_null(strstr(cut.x.err.message, "cut short"));
        fixture_close(&f);
        peer_stop(&peer);
        uv_sem_destroy(&arrived);
    }
}

static void a_body_cut_short_that_libcurl_calls_a_success(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, cut_by_length, NULL, NULL);
    fixture_open(&f, NULL);
    forgive_cut = true;
    get(&f, &x, peer_url(&peer, "http", "/"));
    forgive_cut = false;
    assert_int_equal(x.code, ERR_PROTOCOL);
    assert_true(x.err.retryable);
    assert_non_null(strstr(x.err.message, "8 of 100 bytes came"));
    fixture_close(&f);
    peer_stop(&peer);
}

static void end_is_the_end(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"whole\":1}");
}

/* No length: the end of the connection is the end of the body, and only the reader of the JSON can tell whether it is
 * whole. */
static void a_body_without_a_length_ends_with_its_connection(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, end_is_the_end, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    assert_int_equal(x.status, 200);
    assert_string_equal(x.body, "{\"whole\":1}");
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_large(struct peer_conn *conn)
{
    while (peer_request(conn)) {
        if (strstr(conn->head, "/length")) {
            peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n0");
            peer_wait_gone(conn); /* the rest is not waited for */
            return;
        }
        if (strstr(conn->head, "/chunks")) {
            char chunk[1100] = "44d\r\n"; /* 1101 */
            peer_puts(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            memset(chunk + 5, 'x', sizeof chunk - 5);
            peer_write(conn, chunk, sizeof chunk);
            peer_wait_gone(conn);
            return;
        }
        char body[1001];
        memset(body, 'x', 1000);
        body[1000] = '\0';
        peer_answer(conn, "200 OK", "", body);
    }
}

static void a_body_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, answer_large, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .body_max = 1000});
    static const char *const paths[] = {"/length", "/chunks"};
    for (size_t i = 0; i < 2; i++) {
        struct exchange x = {0};
        get(&f, &x, peer_url(&peer, "http", paths[i]));
        assert_int_equal(x.code, ERR_LIMIT);
        assert_false(x.err.retryable);
        assert_non_null(strstr(x.err.message, "larger than the limit of 1000 bytes"));
    }
    struct exchange fits = {0};
    get(&f, &fits, peer_url(&peer, "http", "/"));
    assert_int_equal(fits.body_len, 1000);
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_endless_headers(struct peer_conn *conn)
{
    char line[1024] = "X-Line: ";
    memset(line + 8, 'x', sizeof line - 10);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    if (!peer_request(conn))
        return;
    peer_puts(conn, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 400; i++)
        peer_write(conn, line, sizeof line);
    peer_wait_gone(conn);
}

static void headers_past_the_limit_are_refused(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, answer_endless_headers, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    assert_true(x.code == ERR_LIMIT || x.code == ERR_PROTOCOL); /* newer libcurls have a limit of their own */
    fixture_close(&f);
    peer_stop(&peer);
}

static void answer_garbage(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_puts(conn, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
}

static void what_is_not_http_is_a_protocol_error(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, answer_garbage, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &x, peer_url(&peer, "http", "/"));
    assert_int_equal(x.code, ERR_PROTOCOL);
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- lost connections --- */

/* Answers the first request of a connection; the second is read to its end, and then the connection goes without an
 * answer. */
static void answer_once(struct peer_conn *conn)
{
    if (peer_request(conn))
        peer_answer(conn, "200 OK", "", "ok");
    (void)peer_request(conn);
}

static void a_put_is_never_sent_twice(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange first = {0}, put = {0};
    peer_start(&peer, answer_once, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &first, peer_url(&peer, "http", "/"));
    assert_int_equal(first.status, 200);
    exchange_run(&f, &put,
                 &(struct http_call){.method = "PUT", .url = peer_url(&peer, "http", "/"), .body = str_of("{}")});
    assert_int_equal(put.code, ERR_UNREACHABLE);
    assert_true(put.sent);
    assert_true(put.err.retryable);
    assert_non_null(strstr(put.err.message, "lost before an answer came"));
    assert_int_equal(peer.requests, 2);
    fixture_close(&f);
    peer_stop(&peer);
}

static void a_get_on_a_lost_connection_goes_again(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange first = {0}, again = {0};
    peer_start(&peer, answer_once, NULL, NULL);
    fixture_open(&f, NULL);
    get(&f, &first, peer_url(&peer, "http", "/"));
    get(&f, &again, peer_url(&peer, "http", "/"));
    assert_int_equal(again.status, 200);
    assert_int_equal(peer.connections, 2);
    fixture_close(&f);
    peer_stop(&peer);
}

static void read_and_reset(struct peer_conn *conn)
{
    (void)peer_request(conn);
    peer_reset(conn);
}

static void a_reset_before_the_answer_may_have_been_sent(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    struct exchange x = {0};
    peer_start(&peer, read_and_reset, NULL, NULL);
    fixture_open(&f, NULL);
    exchange_run(&f, &x,
                 &(struct http_call){.method = "PUT", .url = peer_url(&peer, "http", "/"), .body = str_of("{}")});
    assert_int_equal(x.code, ERR_UNREACHABLE);
    assert_true(x.sent);
    assert_true(x.err.retryable);
    assert_int_equal(peer.requests, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

static void an_old_idle_connection_is_not_used(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, peer_serve_ok, NULL, NULL);
    fixture_open(&f, NULL);
    static const struct {
        int later_s;
        unsigned connections;
    } steps[] = {{0, 1}, {55, 1}, {55, 1}, {65, 2}, {0, 2}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct exchange x = {0};
        clock_move_ms(steps[i].later_s * 1000);
        get(&f, &x, peer_url(&peer, "http", "/"));
        assert_int_equal(x.status, 200);
        assert_int_equal(peer.connections, steps[i].connections);
    }
    fixture_close(&f);
    peer_stop(&peer);
}

/* --- cancelling, and calls from within callbacks --- */

static void cancel_at_every_stage(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    peer_start(&peer, stall_in_body, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .connections = 1});
    for (int turns = 0; turns < 12; turns++) {
        struct exchange x = {0}, queued = {0};
        exchange_send(&f, &x, &(struct http_call){.url = peer_url(&peer, "http", "/")});
        exchange_send(&f, &queued, &(struct http_call){.url = peer_url(&peer, "http", "/")});
        for (int i = 0; i < turns; i++)
            uv_run(&f.loop, UV_RUN_NOWAIT);
        http_cancel(queued.request);
        http_cancel(x.request);
        http_cancel(x.request);
        assert_int_equal(x.calls + queued.calls, 0); /* never from within */
        exchange_wait(&x);
        exchange_wait(&queued);
        assert_int_equal(x.code, ERR_CANCELLED);
        assert_int_equal(queued.code, ERR_CANCELLED);
        assert_false(x.err.retryable);
    }
    fixture_close(&f);
    peer_stop(&peer);
}

struct busy {
    struct exchange x, other, next;
    const char *url;
    bool closes;
};

/* Within libcurl's write callback, where add and remove are forbidden. */
static bool cancel_and_send(void *data, const char *bytes, size_t n)
{
    struct busy *busy = data;
    (void)bytes, (void)n;
    if (busy->closes) {
        http_client_close(busy->x.fixture->client, NULL, NULL);
        busy->x.fixture->client = NULL;
        return true;
    }
    exchange_send(busy->x.fixture, &busy->next, &(struct http_call){.url = busy->url});
    http_cancel(busy->other.request);
    http_cancel(busy->x.request);
    return true;
}

static void serve_or_stall(struct peer_conn *conn)
{
    while (peer_request(conn)) {
        if (strstr(conn->head, "/stall")) {
            peer_puts(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
            peer_wait_gone(conn);
            return;
        }
        peer_answer(conn, "200 OK", "", "ok");
    }
}

static void a_stream_may_cancel_and_send(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct busy busy;
    peer_start(&peer, serve_or_stall, NULL, NULL);
    fixture_open(&f, NULL);
    busy.url = peer_url(&peer, "http", "/");
    exchange_send(&f, &busy.other, &(struct http_call){.url = peer_url(&peer, "http", "/stall")});
    exchange_send(&f, &busy.x,
                  &(struct http_call){.url = peer_url(&peer, "http", "/stall"), .on_data = cancel_and_send});
    exchange_wait(&busy.x);
    exchange_wait(&busy.other);
    exchange_wait(&busy.next);
    assert_int_equal(busy.x.code, ERR_CANCELLED);
    assert_int_equal(busy.other.code, ERR_CANCELLED);
    assert_int_equal(busy.next.status, 200);
    fixture_close(&f);
    peer_stop(&peer);
}

static void send_again(struct exchange *x)
{
    struct busy *busy = (struct busy *)(void *)x;
    exchange_send(x->fixture, &busy->next, &(struct http_call){.url = busy->url});
    http_cancel(busy->other.request);
}

static void done_may_send_and_cancel(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct busy busy;
    peer_start(&peer, serve_or_stall, NULL, NULL);
    fixture_open(&f, NULL);
    busy.url = peer_url(&peer, "http", "/");
    busy.x.then = send_again;
    exchange_send(&f, &busy.other, &(struct http_call){.url = peer_url(&peer, "http", "/stall")});
    exchange_send(&f, &busy.x, &(struct http_call){.url = peer_url(&peer, "http", "/")});
    exchange_wait(&busy.x);
    exchange_wait(&busy.next);
    exchange_wait(&busy.other);
    assert_int_equal(busy.x.status, 200);
    assert_int_equal(busy.next.status, 200);
    assert_int_equal(busy.other.code, ERR_CANCELLED);
    fixture_close(&f);
    peer_stop(&peer);
}

static void count(void *data)
{
    ++*(int *)data;
}

static void refuse_to_send(struct exchange *x)
{
    const struct http_call call = {.method = "GET", .url = "http://127.0.0.1/"};
    struct error err;
    assert_int_equal(x->code, ERR_CANCELLED);
    assert_int_equal(http_send(x->data, &call, NULL, &err), ERR_CANCELLED);
}

static void closing_ends_everything_once(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct exchange x[8];
    int closed = 0;
    peer_start(&peer, stall_in_body, NULL, NULL);
    fixture_open(&f, &(struct http_config){.proxy = "", .connections = 3});
    for (int i = 0; i < 8; i++) {
        x[i].then = refuse_to_send;
        x[i].data = f.client;
        exchange_send(&f, &x[i], &(struct http_call){.url = peer_url(&peer, "http", "/")});
        uv_run(&f.loop, UV_RUN_NOWAIT);
    }
    http_client_close(f.client, count, &closed);
    f.client = NULL;
    assert_int_equal(x[0].calls, 0);
    assert_int_equal(closed, 0);
    uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(closed, 1);
    for (int i = 0; i < 8; i++)
        assert_int_equal(x[i].calls, 1);
    fixture_close(&f);
    peer_stop(&peer);
}

static void close_client(struct exchange *x)
{
    http_client_close(x->fixture->client, NULL, NULL);
    x->fixture->client = NULL;
}

static void a_callback_may_close_the_client(void **state)
{
    (void)state;
    struct peer peer;
    struct fixture f;
    static struct busy from_data = {.closes = true}, from_done;
    peer_start(&peer, serve_or_stall, NULL, NULL);

    fixture_open(&f, NULL);
    exchange_send(&f, &from_data.x,
                  &(struct http_call){.url = peer_url(&peer, "http", "/stall"), .on_data = cancel_and_send});
    exchange_wait(&from_data.x);
    assert_int_equal(from_data.x.code, ERR_CANCELLED);
    fixture_close(&f);

    fixture_open(&f, NULL);
    from_done.x.then = close_client;
    exchange_send(&f, &from_done.other, &(struct http_call){.url = peer_url(&peer, "http", "/stall")});
    exchange_send(&f, &from_done.x, &(struct http_call){.url = peer_url(&peer, "http", "/")});
    exchange_wait(&from_done.other);
    assert_int_equal(from_done.x.status, 200);
    assert_int_equal(from_done.other.code, ERR_CANCELLED);
    fixture_close(&f);
    peer_stop(&peer);
}

/* err may be NULL in every function, also in those that know more of a failure than its code says. */
static void a_failure_can_be_told_to_nobody(void **state)
{
    (void)state;
    char method[] = "GET", url[] = "https://there/";
    struct http_request request = {.method = method, .shown_url = url};
    struct error err;
    assert_int_equal(failure_cut_short(&request, 100, NULL), ERR_PROTOCOL);
    assert_int_equal(failure_cut_short(&request, 100, &err), ERR_PROTOCOL);
    assert_true(err.retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_connection_is_unreachable),
        cmocka_unit_test(a_name_that_does_not_resolve_is_unreachable),
        cmocka_unit_test(ending_while_a_name_is_looked_up_does_not_block),
        cmocka_unit_test(a_handshake_that_never_ends_times_out),
        cmocka_unit_test(the_last_transfer_times_out_too),
        cmocka_unit_test(a_stalled_body_times_out),
        cmocka_unit_test(a_full_pool_does_not_stop_the_deadline),
        cmocka_unit_test(silence_ends_a_stream_and_data_keeps_it),
        cmocka_unit_test(a_request_takes_few_turns_of_the_loop),
        cmocka_unit_test(a_failure_can_be_told_to_nobody),
        cmocka_unit_test(a_body_cut_short_is_no_success),
        cmocka_unit_test(a_body_cut_short_that_libcurl_calls_a_success),
        cmocka_unit_test(a_body_without_a_length_ends_with_its_connection),
        cmocka_unit_test(a_body_past_the_limit_is_refused),
        cmocka_unit_test(headers_past_the_limit_are_refused),
        cmocka_unit_test(what_is_not_http_is_a_protocol_error),
        cmocka_unit_test(a_put_is_never_sent_twice),
        cmocka_unit_test(a_get_on_a_lost_connection_goes_again),
        cmocka_unit_test(a_reset_before_the_answer_may_have_been_sent),
        cmocka_unit_test(an_old_idle_connection_is_not_used),
        cmocka_unit_test(cancel_at_every_stage),
        cmocka_unit_test(a_stream_may_cancel_and_send),
        cmocka_unit_test(done_may_send_and_cancel),
        cmocka_unit_test(closing_ends_everything_once),
        cmocka_unit_test(a_callback_may_close_the_client),
    };
    return cmocka_run_group_tests(tests, open_resolver, NULL);
}
