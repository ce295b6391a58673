/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, requests that are kept, and replies from the script. */
#include "kube_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#define REPLIES_MAX 1500

struct reply {
    enum scripted_act act;
    char *bytes;
    size_t n;
};

struct connection {
    uv_tcp_t tcp;
    struct scripted *server;
    struct buf in;
    struct connection *next;
};

struct scripted {
    uv_tcp_t tcp;
    int port;
    struct reply replies[REPLIES_MAX];
    unsigned replied, prepared;
    char *requests[REPLIES_MAX];
    unsigned count;
    struct connection *connections;
    struct connection *stream;
    void (*came)(void *data, unsigned number);
    void *data;
};

static void connection_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    buf_free(&c->in);
    free(c);
}

static void drop(struct connection *c, bool reset)
{
    struct connection **at = &c->server->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    if (c->server->stream == c)
        c->server->stream = NULL;
    if (reset)
        assert_int_equal(uv_tcp_close_reset(&c->tcp, connection_closed), 0);
    else
        uv_close((uv_handle_t *)&c->tcp, connection_closed);
}

static void written(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void written_and_end(uv_write_t *write, int status)
{
    struct connection *c = write->data;
    (void)status;
    free(write);
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        drop(c, false);
}

static void answer(struct connection *c)
{
    struct scripted *s = c->server;
    if (s->replied == s->prepared)
        fail_msg("request %u was not expected: %.200s", s->count, s->requests[s->count - 1]);
    struct reply *r = &s->replies[s->replied++];
    if (r->act == SCRIPTED_RESET) {
        drop(c, true);
    } else if (r->act != SCRIPTED_SILENT) {
        if (r->act == SCRIPTED_STREAM)
            s->stream = c;
        uv_write_t *write = calloc(1, sizeof *write);
        uv_buf_t buf = uv_buf_init(r->bytes, (unsigned)r->n);
        write->data = c;
        uv_write(write, (uv_stream_t *)&c->tcp, &buf, 1, r->act == SCRIPTED_CUT ? written_and_end : written);
    }
}

static size_t body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

static void allocate(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    (void)handle;
    buf->base = malloc(size);
    buf->len = size;
}

static void was_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    if (n > 0)
        buf_add(&c->in, buf->base, (size_t)n);
    free(buf->base);
    if (n < 0) {
        drop(c, false);
        return;
    }
    char *end = c->in.ptr ? strstr(c->in.ptr, "\r\n\r\n") : NULL;
    if (!end || c->in.len < (size_t)(end + 4 - c->in.ptr) + body_length(c->in.ptr))
        return;
    struct scripted *s = c->server;
    assert_true(s->count < REPLIES_MAX);
    s->requests[s->count++] = buf_take(&c->in, NULL);
    if (s->came)
        s->came(s->data, s->count);
    answer(c);
}

static void connected(uv_stream_t *stream, int status)
{
    struct scripted *s = stream->data;
    struct connection *c = calloc(1, sizeof *c);
    assert_int_equal(status, 0);
    uv_tcp_init(stream->loop, &c->tcp);
    c->tcp.data = c;
    c->server = s;
    c->next = s->connections;
    s->connections = c;
    assert_int_equal(uv_accept(stream, (uv_stream_t *)&c->tcp), 0);
    uv_read_start((uv_stream_t *)&c->tcp, allocate, was_read);
}

struct scripted *scripted_start(uv_loop_t *loop)
{
    struct scripted *s = calloc(1, sizeof *s);
    struct sockaddr_in address;
    int size = sizeof address;
    uv_tcp_init(loop, &s->tcp);
    s->tcp.data = s;
    uv_ip4_addr("127.0.0.1", 0, &address);
    assert_int_equal(uv_tcp_bind(&s->tcp, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&s->tcp, 16, connected), 0);
    uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&address, &size);
    s->port = ntohs(address.sin_port);
    return s;
}

int scripted_port(const struct scripted *s)
{
    return s->port;
}

void scripted_raw(struct scripted *s, enum scripted_act act, const char *bytes, size_t n)
{
    struct buf copy = BUF_INIT;
    assert_true(s->prepared < REPLIES_MAX);
    buf_add(&copy, bytes, n);
    s->replies[s->prepared++] = (struct reply){act, buf_take(&copy, NULL), n};
}

void scripted_act(struct scripted *s, enum scripted_act act)
{
    scripted_raw(s, act, "", 0);
}

void scripted_reply(struct scripted *s, int status, const char *headers, const char *body)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n%s", status,
               headers, strlen(body), body);
    scripted_raw(s, SCRIPTED_ANSWER, text.ptr, text.len);
    buf_free(&text);
}

void scripted_stream(struct scripted *s)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    scripted_raw(s, SCRIPTED_STREAM, head, sizeof head - 1);
}

struct piece {
    uv_write_t write;
    struct buf bytes;
};

static void piece_written(uv_write_t *write, int status)
{
    struct piece *piece = (struct piece *)write;
    (void)status;
    buf_free(&piece->bytes);
    free(piece);
}

static void push_raw(struct scripted *s, struct buf *bytes)
{
    struct piece *piece = calloc(1, sizeof *piece);
    assert_non_null(s->stream);
    piece->bytes = *bytes;
    uv_buf_t buf = uv_buf_init(bytes->ptr, (unsigned)bytes->len);
    uv_write(&piece->write, (uv_stream_t *)&s->stream->tcp, &buf, 1, piece_written);
}

void scripted_push(struct scripted *s, const char *bytes, size_t n)
{
    struct buf chunk = BUF_INIT;
    buf_printf(&chunk, "%zx\r\n", n);
    buf_add(&chunk, bytes, n);
    buf_puts(&chunk, "\r\n");
    push_raw(s, &chunk);
}

void scripted_finish(struct scripted *s, bool cut)
{
    struct buf end = BUF_INIT;
    assert_non_null(s->stream);
    if (cut) {
        drop(s->stream, false);
        return;
    }
    buf_puts(&end, "0\r\n\r\n");
    push_raw(s, &end);
    s->stream = NULL;
}

bool scripted_streaming(const struct scripted *s)
{
    return s->stream != NULL;
}

void scripted_on_request(struct scripted *s, void (*came)(void *data, unsigned number), void *data)
{
    s->came = came;
    s->data = data;
}

unsigned scripted_count(const struct scripted *s)
{
    return s->count;
}

const char *scripted_request(const struct scripted *s, unsigned i)
{
    assert_true(i < s->count);
    return s->requests[i];
}

static void server_closed(uv_handle_t *handle)
{
    struct scripted *s = handle->data;
    for (unsigned i = 0; i < REPLIES_MAX; i++) {
        free(s->replies[i].bytes);
        free(s->requests[i]);
    }
    free(s);
}

void scripted_stop(struct scripted *s)
{
    while (s->connections)
        drop(s->connections, false);
    uv_close((uv_handle_t *)&s->tcp, server_closed);
}

/* ---- the world ---- */

void kube_world_open(struct kube_world *w)
{
    *w = (struct kube_world){0};
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->server = scripted_start(&w->loop);
    struct buf url = BUF_INIT;
    buf_printf(&url, "http://127.0.0.1:%d", scripted_port(w->server));
    w->config.server = buf_take(&url, NULL);
    w->config.origin = str_dup(str_of("a test"));
    w->config.name_space = str_dup(str_of("default"));
    w->config.context = str_dup(str_of(""));
    w->options = (struct kube_options){.backoff_base_ms = 1, .seed = 1, .timeout_ms = 5000};
}

void kube_world_connect(struct kube_world *w)
{
    struct error err;
    if (kube_open(&w->loop, &w->config, &w->options, &w->kube, &err))
        fail_msg("%s", err.message);
}

static void world_closed(void *data)
{
    struct kube_world *w = data;
    w->closed = true;
}

void kube_world_close(struct kube_world *w)
{
    if (w->kube) {
        kube_close(w->kube, world_closed, w);
        while (!w->closed)
            uv_run(&w->loop, UV_RUN_ONCE);
    }
    scripted_stop(w->server);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    kube_config_free(&w->config);
    assert_int_equal(uv_loop_close(&w->loop), 0);
}

void kube_result_done(void *data, struct kube_request *request, const struct kube_answer *answer_,
                      const struct error *err, bool lost)
{
    struct kube_result *r = data;
    assert_false(r->ended);
    assert_true(!answer_ != !err);
    r->ended = true;
    r->lost = lost;
    if (err) {
        r->error = *err;
        r->status = err->status;
    } else {
        r->status = answer_->status;
        r->tries = answer_->tries;
        r->body = kube_answer_take(request, &r->len);
    }
}

void kube_result_wait(struct kube_result *r)
{
    while (!r->ended)
        assert_true(uv_run(&r->world->loop, UV_RUN_ONCE) || r->ended);
}

void kube_result_free(struct kube_result *r)
{
    free(r->body);
    *r = (struct kube_result){.world = r->world};
}
