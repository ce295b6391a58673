/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side over real sockets: routes, who may have them, answers that come later, clients that go, closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "alloc.h"
#include "base/clock.h"

#define WAITS 8

struct fixture {
    uv_loop_t loop;
    uv_timer_t alive; /* the admin's own handles do not keep a loop turning */
    struct metrics *metrics;
    struct admin *admin;
    uint16_t port;
    struct admin_request *waiting[WAITS]; /* in the order of their coming; NULL: answered or gone */
    int begun, gone, closed;
    struct admin_request *stream; /* NULL: it has ended */
    const char *streamed;         /* what it has next */
    bool stream_ends;
    const char *missing;
    const char *write_token_file;
    unsigned header_ms;
};

/* ---- handlers ---- */

static void text(struct admin_request *r, unsigned status, const char *words)
{
    struct buf body = BUF_INIT;
    buf_puts(&body, words);
    admin_answer(r, status, ADMIN_TEXT, &body);
    assert_int_equal(body.len, 0);
}

static void h_now(void *data, struct admin_request *r)
{
    assert_non_null(data);
    text(r, 200, "now\n");
}

static void h_post(void *data, struct admin_request *r)
{
    (void)data;
    text(r, 202, "posted\n");
}

static void gone(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    int found = 0;
    for (int i = 0; i < WAITS; i++) {
        if (f->waiting[i] == r) {
            f->waiting[i] = NULL;
            found++;
        }
    }
    assert_int_equal(found, 1); /* once, and not after an answer */
    f->gone++;
}

static void h_later(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    assert_true(f->begun < WAITS);
    f->waiting[f->begun++] = r;
    admin_wait(r, gone, f);
}

static void answer(struct fixture *f, int i, const char *words)
{
    struct admin_request *r = f->waiting[i];
    assert_non_null(r);
    f->waiting[i] = NULL;
    text(r, 200, words);
}

/* Waits, and is answered before the handler returns all the same. */
static void h_both(void *data, struct admin_request *r)
{
    admin_wait(r, gone, data);
    text(r, 200, "both\n");
}

/* Answers all that wait, then itself. */
static void h_release(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    for (int i = 0; i < WAITS; i++) {
        if (f->waiting[i])
            answer(f, i, "released\n");
    }
    text(r, 200, "done\n");
}

static void counted_gone(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    (void)r;
    f->gone++;
}

static void h_wait(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    f->begun++;
    admin_wait(r, counted_gone, f);
}

static void h_nothing(void *data, struct admin_request *r)
{
    (void)data;
    (void)r;
}

static void h_failed(void *data, struct admin_request *r)
{
    struct buf body;
    (void)data;
    buf_init(&body, 3);
    buf_puts(&body, "too long");
    admin_answer(r, 200, ADMIN_TEXT, &body);
}

static bool stream_more(void *data, struct buf *out)
{
    struct fixture *f = data;
    buf_puts(out, f->streamed ? f->streamed : "");
    f->streamed = NULL;
    return !f->stream_ends;
}

static void stream_gone(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    assert_ptr_equal(r, f->stream);
    f->stream = NULL;
    f->gone++;
}

static void h_stream(void *data, struct admin_request *r)
{
    struct fixture *f = data;
    f->stream = r;
    f->begun++;
    admin_stream(r, "text/event-stream", &(struct admin_source){stream_more, stream_gone, f});
}

/* What it was given. */
static void h_asked(void *data, struct admin_request *r)
{
    char one[16], two[16], three[16];
    struct buf body = BUF_INIT;
    struct str sent = admin_request_body(r);
    (void)data;
    bool fits = admin_request_part(r, "one", one, sizeof one);
    bool both = admin_request_part(r, "two", two, sizeof two);
    buf_printf(&body, "%d %s %d %s %d %.*s %s\n", fits, one, both, two,
               admin_request_part(r, "three", three, sizeof three), (int)sent.len, sent.ptr ? sent.ptr : "",
               admin_request_who(r));
    admin_answer(r, 200, ADMIN_TEXT, &body);
}

static const struct admin_route routes[] = {
    {"GET", "/stream", ADMIN_READER, h_stream},   {"POST", "/a/{one}/b/{two}", ADMIN_READER, h_asked},
    {"GET", "/now", ADMIN_READER, h_now},         {"POST", "/now", ADMIN_READER, h_post},
    {"POST", "/write", ADMIN_WRITER, h_post},     {"GET", "/later", ADMIN_READER, h_later},
    {"GET", "/wait", ADMIN_READER, h_wait},       {"GET", "/both", ADMIN_READER, h_both},
    {"GET", "/release", ADMIN_READER, h_release}, {"GET", "/nothing", ADMIN_READER, h_nothing},
    {"GET", "/failed", ADMIN_READER, h_failed},   {NULL, NULL, ADMIN_ANYONE, NULL},
};

static void missing(void *data, struct buf *out)
{
    struct fixture *f = data;
    if (f->missing)
        buf_puts(out, f->missing);
}

/* ---- opening and closing ---- */

static int try_open(struct fixture *f, const char *listen, const char *file, struct error *err)
{
    struct admin_options o = {.listen = listen,
                              .read_token_file = file,
                              .write_token_file = f->write_token_file,
                              .metrics = f->metrics,
                              .missing = missing,
                              .data = f,
                              .header_ms = f->header_ms};
    int rc = admin_open(&f->loop, &o, &f->admin, err);
    if (!rc)
        f->port = (uint16_t)atoi(strrchr(admin_url(f->admin), ':') + 1);
    return rc;
}

static void open_admin(struct fixture *f, const char *file)
{
    struct error err;
    if (try_open(f, "127.0.0.1:0", file, &err))
        fail_msg("%s", err.message);
    assert_int_equal(admin_add(f->admin, routes, f, &err), 0);
}

static void closed(void *data)
{
    ((struct fixture *)data)->closed++;
}

static void close_admin(struct fixture *f)
{
    admin_close(f->admin, closed, f);
    assert_int_equal(f->closed, 0);
    uv_unref((uv_handle_t *)&f->alive);
    uv_run(&f->loop, UV_RUN_DEFAULT); /* returns when nothing of it is left */
    uv_ref((uv_handle_t *)&f->alive);
    assert_int_equal(f->closed, 1);
    f->admin = NULL;
    f->closed = 0;
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->metrics = metrics_new("t_");
    *state = f;
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->alive);
    return uv_timer_start(&f->alive, tick, 1000, 1000);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    if (f->admin)
        close_admin(f);
    uv_close((uv_handle_t *)&f->alive, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&f->loop);
    metrics_free(f->metrics);
    free(f);
    return rc;
}

/* ---- a client ---- */

static int dial(const struct fixture *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EINPROGRESS);
    return fd;
}

static void send_text(struct fixture *f, int fd, const char *words)
{
    ssize_t n;
    while ((n = send(fd, words, strlen(words), MSG_NOSIGNAL)) < 0 && errno == EAGAIN)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(n, strlen(words));
}

/* method and path, and headers with their line ends. */
static void ask(struct fixture *f, int fd, const char *what, const char *headers)
{
    char words[512];
    snprintf(words, sizeof words, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", what, headers);
    send_text(f, fd, words);
}

static bool is_over(int64_t until)
{
    assert_true(clock_monotonic() < until);
    return false;
}

/* One answer, head and body; "" where the connection was closed. head: it has no body. */
static const char *receive(struct fixture *f, int fd, bool head)
{
    static char got[8192];
    int64_t until = clock_monotonic() + 10000000;
    size_t len = 0;
    while (!is_over(until)) {
        char *end, *length;
        ssize_t n = recv(fd, got + len, 1, 0); /* by bytes: the next answer stays for the next call */
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return "";
        if (n < 0) {
            uv_run(&f->loop, UV_RUN_NOWAIT);
            continue;
        }
        got[++len] = '\0';
        assert_true(len + 1 < sizeof got);
        if (!(end = strstr(got, "\r\n\r\n")))
            continue;
        length = strstr(got, "Content-Length: ");
        if (head || (length && len >= (size_t)(end + 4 - got) + (size_t)atoi(length + 16)))
            return got;
    }
    return NULL;
}

static const char *get(struct fixture *f, const char *what, const char *headers)
{
    int fd = dial(f);
    ask(f, fd, what, headers);
    const char *got = receive(f, fd, strncmp(what, "HEAD", 4) == 0);
    close(fd);
    return got;
}

static void has(const char *got, const char *words)
{
    if (!strstr(got, words))
        fail_msg("\"%s\" is not in:\n%s", words, got);
}

static void turns(struct fixture *f, const int *counter, int wanted)
{
    int64_t until = clock_monotonic() + 10000000;
    while (*counter < wanted && !is_over(until))
        uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_int_equal(*counter, wanted);
}

/* What has happened on other connections before this has been seen after it: another request has been served. */
static void settle(struct fixture *f)
{
    for (int i = 0; i < 3; i++)
        has(get(f, "GET /now", ""), "\r\n\r\nnow\n");
}

/* ---- routes ---- */

static void answers_by_method_and_path(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    const char *got = get(f, "GET /now", "");
    has(got, "HTTP/1.1 200 OK\r\n");
    has(got, "Content-Type: text/plain; charset=utf-8\r\n");
    has(got, "Cache-Control: no-store\r\n");
    has(got, "X-Content-Type-Options: nosniff\r\n");
    has(got, "\r\n\r\nnow\n");
    has(get(f, "GET /now?a=b", ""), "\r\n\r\nnow\n");
    has(get(f, "POST /now", "Content-Length: 0\r\n"), "HTTP/1.1 202 ");
    has(get(f, "GET /both", ""), "\r\n\r\nboth\n");
    got = get(f, "HEAD /now", "");
    has(got, "HTTP/1.1 200 OK\r\n");
    has(got, "Content-Length: 4\r\n");
    has(get(f, "GET /nothing", ""), "HTTP/1.1 500 ");
    assert_string_equal(get(f, "GET /failed", ""), "");
    assert_int_equal(f->gone, 0);
}

static void reads_a_body_over(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    ask(f, fd, "POST /now", "Content-Length: 5\r\n");
    send_text(f, fd, "hello");
    has(receive(f, fd, false), "posted\n");
    ask(f, fd, "GET /now", "");
    has(receive(f, fd, false), "now\n");
    close(fd);
}

static void unknown_paths_and_methods(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    const char *got = get(f, "GET /", "");
    has(got, "HTTP/1.1 404 ");
    has(got, "there is no such page; there are /metrics, /livez, /readyz, /stream, /a/{one}/b/{two}, /now, /write, "
             "/later, /wait, /both, /release, /nothing, /failed\n");
    has(get(f, "DELETE /nowhere", ""), "HTTP/1.1 404 ");
    has(get(f, "GET /now/", ""), "HTTP/1.1 404 ");
    got = get(f, "DELETE /now", "");
    has(got, "HTTP/1.1 405 ");
    has(got, "Allow: GET, HEAD, POST\r\n");
    has(got, "\r\n\r\n/now takes GET, HEAD, POST only\n");
    got = get(f, "HEAD /write", "");
    has(got, "HTTP/1.1 403 ");
    has(get(f, "POST /livez", "Content-Length: 0\r\n"), "Allow: GET, HEAD\r\n");
}

static void pages_of_every_daemon(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    has(get(f, "GET /livez", ""), "\r\n\r\nok\n");
    has(get(f, "GET /readyz", ""), "\r\n\r\nok\n");
    f->missing = "a thing\n";
    const char *got = get(f, "GET /readyz", "");
    has(got, "HTTP/1.1 503 ");
    has(got, "\r\n\r\na thing\n");
    got = get(f, "GET /metrics", "");
    has(got, "Content-Type: " METRICS_CONTENT_TYPE "\r\n");
    has(got, "# EOF\n");
}

static void a_route_is_added_once(void **state)
{
    struct fixture *f = *state;
    static const struct admin_route more[] = {{"GET", "/more", ADMIN_READER, h_now}, {NULL, NULL, ADMIN_ANYONE, NULL}};
    static const struct admin_route again[] = {{"GET", "/livez", ADMIN_READER, h_now},
                                               {NULL, NULL, ADMIN_ANYONE, NULL}};
    struct error err;
    open_admin(f, NULL);
    assert_int_equal(admin_add(f->admin, again, f, &err), ERR_INVALID);
    assert_string_equal(err.message, "there are two routes GET /livez");
    assert_int_equal(admin_add(f->admin, more, f, &err), 0);
    has(get(f, "GET /more", ""), "\r\n\r\nnow\n");
    has(get(f, "GET /livez", ""), "\r\n\r\nok\n");
}

/* ---- who may ---- */

/* The path of a file with the token, to be removed. */
static const char *token_file(const char *token, char path[32])
{
    snprintf(path, 32, "/tmp/test_admin_XXXXXX");
    int fd = mkstemp(path);
    assert_int_equal(write(fd, token, strlen(token)), strlen(token));
    close(fd);
    return path;
}

static void readers_and_writers(void **state)
{
    struct fixture *f = *state;
    char reads[32], writes[32];
    open_admin(f, NULL); /* loopback, without a token: all may read, nobody may write */
    has(get(f, "GET /now", ""), "200 OK");
    const char *got = get(f, "POST /write", "Content-Length: 0\r\n");
    has(got, "HTTP/1.1 403 ");
    has(got, "this needs a token to act: name its file with `tokens: { write: FILE }` in mpijobd.yaml\n");
    close_admin(f);

    f->write_token_file = token_file("i-act\n", writes);
    open_admin(f, NULL); /* all may read, and who has the token may write */
    has(get(f, "GET /now", ""), "200 OK");
    has(get(f, "POST /write", "Content-Length: 0\r\n"), "HTTP/1.1 401 ");
    has(get(f, "POST /write", "Content-Length: 0\r\nAuthorization: Bearer i-act\r\n"), "HTTP/1.1 202 ");
    close_admin(f);

    open_admin(f, token_file("let-me-in\n", reads));
    has(get(f, "GET /livez", ""), "200 OK");
    got = get(f, "GET /now", "");
    has(got, "HTTP/1.1 401 ");
    has(got, "WWW-Authenticate: Bearer\r\n");
    has(got, "a token is needed: Authorization: Bearer TOKEN");
    got = get(f, "GET /metrics", "Authorization: Bearer let-me-ix\r\n");
    has(got, "HTTP/1.1 401 ");
    has(got, "the token that was sent is not in force: it is mistyped, or its file has another one now");
    has(get(f, "GET /metrics", "Authorization: Bearer let-me-inn\r\n"), "HTTP/1.1 401 ");
    has(get(f, "GET /metrics", "Authorization: Bearer \r\n"), "a token is needed");
    has(get(f, "GET /metrics", "Authorization: Basic let-me-in\r\n"), "HTTP/1.1 401 ");
    has(get(f, "GET /metrics", "Authorization: Bearer let-me-in\r\n"), "200 OK");
    has(get(f, "GET /metrics", "Authorization: bearer i-act\r\n"), "200 OK");
    has(get(f, "POST /write", "Content-Length: 0\r\n"), "HTTP/1.1 401 ");
    has(get(f, "POST /write", "Content-Length: 0\r\nAuthorization: Bearer let-me-in\r\n"), "HTTP/1.1 403 ");
    has(get(f, "POST /write", "Content-Length: 0\r\nAuthorization: Bearer i-act\r\n"), "HTTP/1.1 202 ");
    /* Nothing is told about pages to who may not read. */
    has(get(f, "GET /nowhere", ""), "HTTP/1.1 401 ");
    has(get(f, "DELETE /now", ""), "HTTP/1.1 401 ");
    has(get(f, "GET /later", ""), "HTTP/1.1 401 ");
    assert_int_equal(f->begun, 0);
    has(get(f, "DELETE /livez", ""), "HTTP/1.1 405 ");
    close_admin(f);

    struct error err;
    f->write_token_file = reads;
    assert_int_equal(try_open(f, "127.0.0.1:0", reads, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "hold the same token"));
    unlink(reads);
    unlink(writes);
    f->write_token_file = NULL;
}

/* ---- later ---- */

static void answers_later_on_the_same_connection(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    for (int i = 0; i < 3; i++) {
        ask(f, fd, "GET /later", "");
        turns(f, &f->begun, i + 1);
        settle(f); /* others are served meanwhile */
        answer(f, i, "later\n");
        has(receive(f, fd, false), "\r\n\r\nlater\n");
        ask(f, fd, "GET /now", "");
        has(receive(f, fd, false), "\r\n\r\nnow\n");
    }
    ask(f, fd, "HEAD /later", "");
    turns(f, &f->begun, 4);
    answer(f, 3, "later\n");
    has(receive(f, fd, true), "Content-Length: 6\r\n");
    close(fd);
    settle(f);
    assert_int_equal(f->gone, 0);
}

static void a_request_behind_one_that_waits(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    send_text(f, fd, "GET /later HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /now HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    turns(f, &f->begun, 1);
    settle(f);
    answer(f, 0, "later\n");
    has(receive(f, fd, false), "\r\n\r\nlater\n");
    has(receive(f, fd, false), "\r\n\r\nnow\n");
    close(fd);
}

static void one_handler_answers_for_another(void **state)
{
    struct fixture *f = *state;
    int fd[3];
    open_admin(f, NULL);
    for (int i = 0; i < 3; i++) {
        fd[i] = dial(f);
        ask(f, fd[i], "GET /later", "");
        turns(f, &f->begun, i + 1);
    }
    has(get(f, "GET /release", ""), "\r\n\r\ndone\n");
    for (int i = 0; i < 3; i++) {
        has(receive(f, fd[i], false), "\r\n\r\nreleased\n");
        close(fd[i]);
    }
    assert_int_equal(f->gone, 0);
}

static void the_client_goes_away(void **state)
{
    struct fixture *f = *state;
    struct linger at_once = {.l_onoff = 1};
    open_admin(f, NULL);
    int fd = dial(f);
    ask(f, fd, "GET /later", "");
    turns(f, &f->begun, 1);
    close(fd);
    turns(f, &f->gone, 1);
    fd = dial(f);
    ask(f, fd, "GET /later", "");
    turns(f, &f->begun, 2);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* a reset */
    close(fd);
    turns(f, &f->gone, 2);
    settle(f);
    assert_int_equal(f->gone, 2);
    has(get(f, "GET /now", ""), "\r\n\r\nnow\n");
}

/* More clients than there are connections go away one after the other: none of theirs is kept. */
static void connections_of_those_who_went_are_free_again(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    for (int i = 0; i < 200; i++) {
        int fd = dial(f);
        f->begun = f->gone = 0;
        ask(f, fd, "GET /later", "");
        turns(f, &f->begun, 1);
        close(fd);
        turns(f, &f->gone, 1);
    }
    has(get(f, "GET /now", ""), "\r\n\r\nnow\n");
}

static void the_answer_crosses_the_going(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    ask(f, fd, "GET /later", "");
    turns(f, &f->begun, 1);
    close(fd);
    answer(f, 0, "later\n"); /* before the loop has seen that */
    settle(f);
    assert_int_equal(f->gone, 0);
}

static void closing_while_requests_wait(void **state)
{
    struct fixture *f = *state;
    int fd[4];
    open_admin(f, NULL);
    for (int i = 0; i < 4; i++) {
        fd[i] = dial(f);
        ask(f, fd[i], i == 3 ? "GET /now" : "GET /later", "");
    }
    turns(f, &f->begun, 3);
    answer(f, 1, "later\n"); /* answered, and not sent yet */
    close_admin(f);
    assert_int_equal(f->gone, 2);
    for (int i = 0; i < 4; i++)
        close(fd[i]);
}

static void closing_at_once(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    ask(f, fd, "GET /later", "");
    close_admin(f);
    close(fd);
}

/* ---- what is asked ---- */

static const char *post(struct fixture *f, const char *path, const char *body)
{
    char what[256], headers[64];
    static char text[ADMIN_BODY_MAX + 512];
    int fd = dial(f);
    snprintf(what, sizeof what, "POST %s", path);
    snprintf(headers, sizeof headers, "Content-Length: %zu\r\n", strlen(body));
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", what, headers);
    send_text(f, fd, text);
    for (size_t at = 0; at < strlen(body);) {
        ssize_t n = send(fd, body + at, strlen(body) - at, MSG_NOSIGNAL);
        at += n > 0 ? (size_t)n : 0;
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    const char *got = receive(f, fd, false);
    close(fd);
    return got;
}

static void parts_and_bodies(void **state)
{
    static char large[ADMIN_BODY_MAX + 2];
    struct fixture *f = *state;
    open_admin(f, NULL);
    has(post(f, "/a/x/b/why%20not", "some"), "1 x 1 why not 0 some anyone\n");
    has(get(f, "GET /now%00x", ""), "HTTP/1.1 400 "); /* and not /now */
    has(get(f, "GET /now?a=%00", ""), "the path or the query holds a NUL (%00)\n");
    int fd = dial(f);
    ask(f, fd, "GET /now?%00", "");
    has(receive(f, fd, false), "HTTP/1.1 400 ");
    ask(f, fd, "GET /now", ""); /* the next one of the same connection has none */
    has(receive(f, fd, false), "HTTP/1.1 200 ");
    close(fd);
    has(post(f, "/a/x/b/much-longer-than-it-may-be", ""), "1 x 0  0  anyone\n");
    has(post(f, "/a/x/b/y/z", ""), "HTTP/1.1 404 ");
    has(post(f, "/a//b/y", ""), "HTTP/1.1 404 ");
    has(get(f, "GET /a/x/b/y", ""), "HTTP/1.1 405 ");
    memset(large, 'x', sizeof large - 1);
    has(post(f, "/a/x/b/y", large), "HTTP/1.1 413 ");
}

/* ---- answers that go on ---- */

static void hear(struct fixture *f, int fd, const char *words)
{
    static char heard[4096];
    int64_t until = clock_monotonic() + 10000000;
    size_t len = 0;
    heard[0] = '\0';
    while (!strstr(heard, words) && !is_over(until)) {
        ssize_t n = recv(fd, heard + len, sizeof heard - len - 1, 0);
        if (n > 0)
            heard[len += (size_t)n] = '\0';
        uv_run(&f->loop, UV_RUN_NOWAIT);
    }
    has(heard, words);
}

static void an_answer_goes_on(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    f->streamed = "first\n";
    ask(f, fd, "GET /stream", "");
    hear(f, fd, "first\n");
    f->streamed = "second\n";
    admin_stream_wake(f->stream);
    hear(f, fd, "second\n");
    admin_stream_wake(f->stream); /* for nothing */
    settle(f);
    assert_non_null(f->stream);
    f->stream_ends = true;
    admin_stream_wake(f->stream);
    hear(f, fd, "0\r\n\r\n");
    assert_null(f->stream);
    ask(f, fd, "GET /now", ""); /* the connection stays */
    hear(f, fd, "\r\n\r\nnow\n");
    close(fd);
}

static void who_hears_goes_away(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    for (int i = 0; i < 20; i++) {
        int fd = dial(f);
        f->streamed = "first\n";
        ask(f, fd, "GET /stream", "");
        hear(f, fd, "first\n");
        close(fd);
        turns(f, &f->gone, i + 1);
        assert_null(f->stream);
    }
}

static void closing_while_one_hears(void **state)
{
    struct fixture *f = *state;
    open_admin(f, NULL);
    int fd = dial(f);
    f->streamed = "first\n";
    ask(f, fd, "GET /stream", "");
    hear(f, fd, "first\n");
    close_admin(f);
    assert_int_equal(f->gone, 1);
    close(fd);
}

/* ---- where it listens ---- */

static void addresses(void **state)
{
    struct fixture *f = *state;
    struct error err;
    char taken[64];
    static const char *const bad[] = {
        "",     "9633",   ":9633",           "localhost",     "localhost:",   "127.0.0.1:x",
        "a:1",  "[::1:1", "127.0.0.1:99999", "127.0.0.1:-1",  "127.0.0.1: 1", "[::1]",
        "[]:1", "::1:1",  "1.2.3:1",         "127.0.0.1:0x10"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(try_open(f, bad[i], NULL, &err), ERR_INVALID);
        has(err.message, "is not an address to listen on: write 127.0.0.1:9633, localhost:9633 or [::1]:9633");
    }
    assert_int_equal(try_open(f, "0.0.0.0:0", NULL, &err), ERR_INVALID);
    has(err.message, "which is not loopback, a token is needed");
    assert_int_equal(try_open(f, "127.0.0.1:0", "/nowhere/token", &err), ERR_NOT_FOUND);
    assert_int_equal(try_open(f, "127.0.0.1:0", "/dev/null", &err), ERR_INVALID);
    has(err.message, "/dev/null is empty; it has to hold a token");
    assert_int_equal(try_open(f, "localhost:0", NULL, &err), 0);
    snprintf(taken, sizeof taken, "%s", admin_url(f->admin) + strlen("http://"));
    has(taken, "127.0.0.1:");
    struct admin *first = f->admin;
    assert_int_equal(try_open(f, taken, NULL, &err), ERR_IO);
    has(err.message, "is another mpijobd running?");
    f->admin = first;
    close_admin(f);
    if (try_open(f, "[::1]:0", NULL, &err) == 0) { /* hosts without IPv6 */
        has(admin_url(f->admin), "http://[::1]:");
        close_admin(f);
    }
    f->admin = NULL;
}

/* ---- out of memory ---- */

static void memory_runs_out_at_opening(void **state)
{
    struct fixture *f = *state;
    struct error err;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = try_open(f, "127.0.0.1:0", NULL, &err);
        if (!rc && !alloc_failed())
            break;
        assert_int_equal(rc, ERR_NOMEM);
        assert_int_equal(err.code, ERR_NOMEM);
    }
    alloc_fail_at(0);
    close_admin(f);
}

/* The connection is closed or answered, and the admin lives on. */
static void memory_runs_out_at_a_request(void **state)
{
    static const char *const requests[] = {"GET /now", "GET /nowhere", "DELETE /now", "GET /metrics", "POST /write"};
    struct fixture *f = *state;
    int refused = 0;
    open_admin(f, NULL);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        bool failed = true;
        for (long n = 1; failed; n++) {
            int fd = dial(f);
            ask(f, fd, requests[i], "");
            alloc_fail_at(n);
            const char *got = receive(f, fd, false);
            failed = alloc_failed();
            alloc_fail_at(0);
            close(fd);
            refused += !*got;
        }
    }
    assert_true(refused >= 5);
    int fd = dial(f);
    ask(f, fd, "GET /later", "");
    turns(f, &f->begun, 1);
    alloc_fail_at(1);
    answer(f, 0, "later\n");
    alloc_fail_at(0);
    assert_string_equal(receive(f, fd, false), "");
    close(fd);
    assert_int_equal(f->gone, 0);
    has(get(f, "GET /now", ""), "\r\n\r\nnow\n");
}

/* ---- many connections, slow ones, strangers ---- */

#define MANY 300

static void a_burst_is_served(void **state)
{
    struct fixture *f = *state;
    int fds[MANY];
    open_admin(f, NULL);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            fds[i] = dial(f);
            if (i % 50 == 49) /* a full backlog would make the last of them try again after a second */
                settle(f);
        }
        for (int i = 0; i < MANY; i++)
            close(fds[i]);
        has(get(f, "GET /livez", ""), "\r\n\r\nok\n");
    }
}

static void half_requests_make_room(void **state)
{
    struct fixture *f = *state;
    int fds[MANY], over = 0;
    open_admin(f, NULL);
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(f);
        send_text(f, fds[i], "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        if (i % 50 == 49)
            has(get(f, "GET /livez", ""), "\r\n\r\nok\n");
    }
    for (int i = 0; i < MANY; i++) {
        char byte;
        over += recv(fds[i], &byte, 1, 0) == 0 || errno == ECONNRESET;
        if (i < MANY - 1)
            close(fds[i]);
    }
    assert_true(over >= MANY - 64);
    /* The youngest is still served. */
    send_text(f, fds[MANY - 1], "\r\n");
    has(receive(f, fds[MANY - 1], false), "\r\n\r\nok\n");
    close(fds[MANY - 1]);
}

/* However busy it looks: the time is for all of the header. */
static void a_header_has_its_time(void **state)
{
    struct fixture *f = *state;
    f->header_ms = 50;
    open_admin(f, NULL);
    int fd = dial(f), idle = dial(f);
    send_text(f, fd, "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
    int64_t until = clock_monotonic() + 10000000;
    char byte;
    while (send(fd, "x", 1, MSG_NOSIGNAL) == 1 && !is_over(until))
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_string_equal(receive(f, idle, false), "");
    assert_true(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
    close(idle);
    /* A request that waits for its answer has all the time. */
    fd = dial(f);
    ask(f, fd, "GET /later", "");
    turns(f, &f->begun, 1);
    for (until = clock_monotonic() + 200000; clock_monotonic() < until;)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(f->gone, 0);
    answer(f, 0, "later\n");
    has(receive(f, fd, false), "\r\n\r\nlater\n");
    close(fd);
}

static void only_so_many_wait(void **state)
{
    struct fixture *f = *state;
    int fds[49];
    open_admin(f, NULL);
    for (int i = 0; i < 49; i++) {
        fds[i] = dial(f);
        ask(f, fds[i], "GET /wait", "");
        turns(f, &f->begun, i + 1);
    }
    has(receive(f, fds[48], false), "HTTP/1.1 503 ");
    assert_int_equal(f->gone, 1);
    has(get(f, "GET /livez", ""), "\r\n\r\nok\n");
    for (int i = 0; i < 49; i++)
        close(fds[i]);
    turns(f, &f->gone, 49);
}

/* From another address of this machine. */
static int dial_from(struct fixture *f, const char *address)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(f->port)};
    inet_pton(AF_INET, address, &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    return fd;
}

/* Half of a request from each of many connections of one address: those of another one stay. */
static void one_address_has_so_many(void **state)
{
    struct fixture *f = *state;
    int other, fds[100];
    open_admin(f, NULL);
    other = dial_from(f, "127.0.0.2");
    send_text(f, other, "GET /now HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (int i = 0; i < 100; i++) {
        fds[i] = dial_from(f, "127.0.0.3");
        send_text(f, fds[i], "GET /now HTTP/1.1\r\n");
    }
    settle(f);
    char byte;
    assert_int_equal(recv(fds[0], &byte, 1, MSG_DONTWAIT), 0); /* the oldest has made room */
    assert_int_equal(recv(fds[99], &byte, 1, MSG_DONTWAIT), -1);
    send_text(f, other, "\r\n");
    has(receive(f, other, false), "\r\n\r\nnow\n");
    close(other);
    for (int i = 0; i < 100; i++)
        close(fds[i]);
}

static const char *get_of(struct fixture *f, const char *host, const char *headers)
{
    char words[512];
    int fd = dial(f);
    snprintf(words, sizeof words, "GET /now HTTP/1.1\r\nHost: %s\r\n%s\r\n", host, headers);
    send_text(f, fd, words);
    const char *got = receive(f, fd, false);
    close(fd);
    return got;
}

static void strangers(void **state)
{
    static const char *const good[] = {"127.0.0.1", "127.0.0.1:9633", "localhost", "LocalHost:1",
                                       "[::1]",     "[::1]:80",       "10.1.2.3"};
    static const char *const bad[] = {
        "evil.example", "evil.example:9633", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1:x",
        "[::1",         "[::1]evil",         "localhost:80evil",       "127.0.0.1:80:evil",      "[127.0.0.1]"};
    struct fixture *f = *state;
    open_admin(f, NULL);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        has(get_of(f, good[i], ""), "\r\n\r\nnow\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        has(get_of(f, bad[i], ""), "HTTP/1.1 403 ");
    int fd = dial(f);
    send_text(f, fd, "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"); /* no browser */
    has(receive(f, fd, false), "\r\n\r\nnow\n");
    close(fd);
    /* A page's own address is its Origin, too. */
    has(get_of(f, "localhost:1", "Origin: http://localhost:1\r\n"), "\r\n\r\nnow\n");
    has(get_of(f, "localhost:1", "Origin: http://localhost:2\r\n"), "HTTP/1.1 403 ");
    has(get_of(f, "localhost:1", "Origin: null\r\n"), "HTTP/1.1 403 ");
    has(get_of(f, "localhost:1", "Origin: http://evil.example\r\n"), "HTTP/1.1 403 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_by_method_and_path),
        TEST(reads_a_body_over),
        TEST(unknown_paths_and_methods),
        TEST(pages_of_every_daemon),
        TEST(a_route_is_added_once),
        TEST(readers_and_writers),
        TEST(answers_later_on_the_same_connection),
        TEST(a_request_behind_one_that_waits),
        TEST(one_handler_answers_for_another),
        TEST(the_client_goes_away),
        TEST(connections_of_those_who_went_are_free_again),
        TEST(the_answer_crosses_the_going),
        TEST(closing_while_requests_wait),
        TEST(closing_at_once),
        TEST(parts_and_bodies),
        TEST(an_answer_goes_on),
        TEST(who_hears_goes_away),
        TEST(closing_while_one_hears),
        TEST(addresses),
        TEST(memory_runs_out_at_opening),
        TEST(memory_runs_out_at_a_request),
        TEST(a_burst_is_served),
        TEST(half_requests_make_room),
        TEST(a_header_has_its_time),
        TEST(only_so_many_wait),
        TEST(one_address_has_so_many),
        TEST(strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
