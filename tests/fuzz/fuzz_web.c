/* SPDX-License-Identifier: Apache-2.0 */
/* What a client sends to the HTTP side, in pieces of any size: nothing that it sends ends the daemon, each answer has a
 * known status, and what is JSON is JSON. The first byte of the input decides about the pieces and about the token.
 *
 * It listens to HTTP: of HTTPS the bytes are GnuTLS' until they are these, and what is ours of it, who is let in and
 * when one is ended, is tried with spoilt handshakes and records by tests/spec/https_spec.lua. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/admin.h"
#include "control/control.h"
#include "loop/defer.h"
#include "web/api.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uv_loop_t loop;
static struct defer_queue soon;
static uv_timer_t alive; /* the admin's own handles do not keep a loop turning */
static struct admin *admin;
static struct web *web;
static struct control *control;
static uint16_t port;
static char path[] = "/tmp/fuzz_web_XXXXXX"; /* of the token; it is read again while the listener is open */

/* Every verb gives its arguments back, which have to be an object, wherever the forms look for an item. */
static void h_echo(void *data, struct control_request *r, struct json args)
{
    struct json root;
    (void)data;
    MUST(json_parse(args.text, "the args", &root, NULL) == 0 && json_type(root) == JSON_OBJECT);
    struct buf out = BUF_INIT;
    int len = (int)args.text.len;
    const char *text = args.text.ptr;
    buf_printf(&out, "{\"items\":[%.*s],\"next\":7,\"policies\":[%.*s],\"args\":%.*s,\"parts\":[", len, text, len, text,
               len, text);
    buf_puts(&out, "{\"kind\":\"cluster\",\"cluster\":\"a\",\"name\":\"x\",\"state\":\"y\",\"well\":true},"
                   "{\"kind\":\"watch\",\"cluster\":\"a\",\"name\":\"x\",\"state\":\"y\",\"well\":true}]}");
    control_answer(r, (struct json){buf_str(&out)});
    buf_free(&out);
}

static const struct control_verb verbs[] = {
    {"status", CONTROL_READS, h_echo},  {"waiting", CONTROL_READS, h_echo}, {"runs", CONTROL_READS, h_echo},
    {"changes", CONTROL_READS, h_echo}, {"journal", CONTROL_READS, h_echo}, {"trigger", CONTROL_ACTS, h_echo},
    {"jobs", CONTROL_READS, h_echo},    {"report", CONTROL_READS, h_echo},  {"log", CONTROL_READS, h_echo},
    {"hold", CONTROL_ACTS, h_echo},     {"undo", CONTROL_ACTS, h_echo},     {"why", CONTROL_READS, h_echo},
    {"pause", CONTROL_ACTS, h_echo},    {"resume", CONTROL_ACTS, h_echo},   {"reload", CONTROL_ACTS, h_echo},
    {"approve", CONTROL_ACTS, h_echo},  {"reject", CONTROL_ACTS, h_echo},   {"extend", CONTROL_ACTS, h_echo},
    {NULL, CONTROL_READS, NULL},
};

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static void forget(void)
{
    unlink(path);
}

static void start(void)
{
    struct error err;
    int fd = mkstemp(path);
    MUST(fd >= 0 && write(fd, "w", 1) == 1 && close(fd) == 0);
    signal(SIGPIPE, SIG_IGN);
    MUST(uv_loop_init(&loop) == 0);
    defer_queue_open(&loop, &soon);
    uv_timer_init(&loop, &alive);
    uv_timer_start(&alive, tick, 1000, 1000);
    struct metrics *metrics = metrics_new("fuzz_");
    struct admin_options o = {.listen = "127.0.0.1:0", .write_token_file = path, .metrics = metrics};
    MUST(metrics && admin_open(&loop, &o, &admin, &err) == 0);
    atexit(forget);
    MUST(control_open(&loop, &(struct control_options){.soon = &soon}, &control, &err) == 0);
    MUST(control_add(control, verbs, NULL, &err) == 0);
    MUST(web_open(&loop, admin, &web, &err) == 0);
    web_serve(web, &(struct web_serving){.control = control});
    port = (uint16_t)strtoul(strrchr(admin_url(admin), ':') + 1, NULL, 10);
}

/* What has come until now. True: the connection has ended. */
static bool hear(int fd, struct buf *heard)
{
    char piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(heard, piece, (size_t)n);
    return n == 0 || errno != EAGAIN;
}

/* The answer to HEAD tells the length of a body that does not come; the next answer comes in its place. */
static bool asks_for_head(const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size && (data[at] == '\r' || data[at] == '\n'))
        at++;
    return size - at >= 4 && strncasecmp((const char *)data + at, "HEAD", 4) == 0;
}

/* The first answer; others may follow it. */
static void check(const struct buf *heard, bool head)
{
    static const int statuses[] = {100, 200, 304, 400, 401, 403, 404, 405, 411, 413, 414, 429, 431, 500, 501, 503, 505};
    struct json root;
    if (!heard->len)
        return;
    MUST(strncmp(heard->ptr, "HTTP/1.1 ", 9) == 0 || strncmp(heard->ptr, "HTTP/1.0 ", 9) == 0);
    int status = (int)strtol(heard->ptr + 9, NULL, 10);
    size_t i = 0;
    while (i < sizeof statuses / sizeof *statuses && statuses[i] != status)
        i++;
    MUST(i < sizeof statuses / sizeof *statuses && status != 500);
    const char *body = strstr(heard->ptr, "\r\n\r\n"), *length = strstr(heard->ptr, "Content-Length: ");
    const char *type = strstr(heard->ptr, "json\r\n");
    if (head || !body || !length || length > body || !type || type > body)
        return;
    size_t len = strtoul(length + 16, NULL, 10), there = heard->len - (size_t)(body + 4 - heard->ptr);
    if (len && there >= len)
        MUST(json_parse(str_n(body + 4, len), "an answer", &root, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct buf heard = BUF_INIT;
    bool ended = false;
    if (size < 1)
        return 0;
    if (!admin)
        start();
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct linger at_once = {.l_onoff =
                                       1}; /* a closed connection does not keep its port: thousands come a second */
    MUST(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        MUST(errno == EADDRNOTAVAIL); /* other programs have all ports of this machine */
        close(fd);
        return 0;
    }
    MUST(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    for (size_t at = 1; at < size && !ended;) {
        size_t piece = data[0] ? 1 + data[0] * (at + 7) % 700 : size - at;
        ssize_t n = write(fd, data + at, piece < size - at ? piece : size - at);
        at += n > 0 ? (size_t)n : 0;
        ended = n < 0 && errno != EAGAIN;
        uv_run(&loop, UV_RUN_NOWAIT);
        ended = hear(fd, &heard) || ended;
    }
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 20 && !ended; i++) { /* one that goes on for ever is left */
        uv_run(&loop, UV_RUN_NOWAIT);
        ended = hear(fd, &heard);
    }
    check(&heard, asks_for_head(data + 1, size - 1));
    close(fd);
    uv_run(&loop, UV_RUN_NOWAIT);
    buf_free(&heard);
    return 0;
}
