/* SPDX-License-Identifier: Apache-2.0 */
/* Sends calls, and turns the loop until they have ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "http_fixture.h"

void fixture_open(struct fixture *fixture, const struct http_config *config)
{
    const struct http_config none = {.proxy = ""};
    memset(fixture, 0, sizeof *fixture);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    if (http_client_new(&fixture->loop, config ? config : &none, &fixture->client, &fixture->err))
        fail_msg("http_client_new: %s", fixture->err.message);
}

static void on_closed(void *data)
{
    ((struct fixture *)data)->closed++;
}

void fixture_close(struct fixture *fixture)
{
    if (fixture->client)
        http_client_close(fixture->client, on_closed, fixture);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(fixture->closed, fixture->client ? 1 : fixture->closed);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
}

const char *peer_url(const struct peer *peer, const char *scheme, const char *path)
{
    static char texts[8][512];
    static unsigned next;
    char *text = texts[next++ % 8];
    snprintf(text, sizeof texts[0], "%s://127.0.0.1:%u%s", scheme, peer->port, path);
    return text;
}

static void copy_answer(struct exchange *exchange, const struct http_answer *answer)
{
    exchange->status = answer->status;
    exchange->body_len = answer->body.len;
    if (answer->body.len && answer->body.len < sizeof exchange->body)
        memcpy(exchange->body, answer->body.ptr, answer->body.len);
    exchange->retry_after_ms = answer->retry_after_ms;
    exchange->date = answer->date;
    snprintf(exchange->type, sizeof exchange->type, "%s", answer->content_type);
    const char *value = http_answer_header(answer, "x-TEST");
    exchange->has_server = value != NULL;
    snprintf(exchange->server, sizeof exchange->server, "%s", value ? value : "");
    for (const char *const *text = answer->warnings; *text && exchange->warning_count < 4; text++)
        snprintf(exchange->warnings[exchange->warning_count++], sizeof exchange->warnings[0], "%s", *text);
}

static void on_done(void *data, const struct http_answer *answer, const struct error *err)
{
    struct exchange *exchange = data;
    assert_true((answer == NULL) != (err == NULL));
    assert_int_equal(exchange->calls, 0);
    exchange->sent = http_request_sent(exchange->request);
    if (answer)
        copy_answer(exchange, answer);
    if (err) {
        exchange->err = *err;
        exchange->code = err->code;
        assert_true(err->code < 0);
    }
    http_cancel(exchange->request); /* too late: must do nothing */
    exchange->calls++;
    if (exchange->then)
        exchange->then(exchange);
}

void exchange_send(struct fixture *fixture, struct exchange *exchange, const struct http_call *call)
{
    struct http_call copy = *call;
    if (!copy.method)
        copy.method = "GET";
    copy.done = on_done;
    copy.data = exchange;
    memset(exchange->body, 0, sizeof exchange->body);
    exchange->fixture = fixture;
    if (http_send(fixture->client, &copy, &exchange->request, &exchange->err))
        fail_msg("http_send: %s", exchange->err.message);
    assert_int_equal(exchange->calls, 0);
}

void fixture_wait(struct fixture *fixture, const int *counter, int value)
{
    while (*counter < value)
        assert_true(uv_run(&fixture->loop, UV_RUN_ONCE) || *counter >= value);
}

void exchange_wait(struct exchange *exchange)
{
    fixture_wait(exchange->fixture, &exchange->calls, 1);
}

void exchange_run(struct fixture *fixture, struct exchange *exchange, const struct http_call *call)
{
    exchange_send(fixture, exchange, call);
    exchange_wait(exchange);
}

void get(struct fixture *fixture, struct exchange *exchange, const char *url)
{
    exchange_run(fixture, exchange, &(struct http_call){.url = url});
}

static bool find_heap(const char **from, const char **to)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    bool found = false;
    assert_non_null(maps);
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long a, b;
        found = strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &a, &b) == 2;
        if (found) {
            *from = (const char *)a;
            *to = (const char *)b;
        }
    }
    fclose(maps);
    return found;
}

void heap_is_one(void)
{
#if !defined(__SANITIZE_ADDRESS__) /* its allocator is another one, and heap_count does not look at it */
    assert_int_equal(mallopt(M_ARENA_MAX, 1), 1);
#endif
}

int heap_count(const void *bytes, size_t n)
{
    const char *from, *to;
    int count = 0;
#if defined(__SANITIZE_ADDRESS__)
    return -1;
#endif
    if (!find_heap(&from, &to))
        return -1;
    for (const char *at = from; at < to && (at = memmem(at, (size_t)(to - at), bytes, n)); at++)
        count++;
    return count;
}
