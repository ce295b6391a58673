/* SPDX-License-Identifier: Apache-2.0 */
/* What an asker sends to the control socket, in pieces of any size: each line that holds anything is answered, once, by
 * a line of JSON. The first byte of the input decides about the pieces. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/control.h"
#include "loop/defer.h"

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uv_loop_t loop;
static struct defer_queue soon;
static uv_timer_t alive; /* the control's own handles do not keep a loop turning */
static struct control *control;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void h_echo(void *data, struct control_request *r, struct json args)
{
    (void)data;
    control_answer(r, args);
}

static const struct control_verb verbs[] = {{"echo", CONTROL_READS, h_echo}, {NULL, CONTROL_READS, NULL}};

static void remove_folder(void)
{
    char path[sizeof address.sun_path + 8];
    unlink(address.sun_path);
    snprintf(path, sizeof path, "%s.lock", address.sun_path);
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static void start(void)
{
    struct error err;
    char folder[] = "/tmp/fuzz_control_XXXXXX";
    signal(SIGPIPE, SIG_IGN);
    MUST(uv_loop_init(&loop) == 0);
    defer_queue_open(&loop, &soon);
    uv_timer_init(&loop, &alive);
    uv_timer_start(&alive, tick, 1000, 1000);
    MUST(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/c", folder);
    MUST(control_open(&loop, &(struct control_options){.path = address.sun_path, .soon = &soon}, &control, &err) == 0);
    MUST(control_add(control, verbs, NULL, &err) == 0);
    atexit(remove_folder);
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

static size_t lines_of(struct str text, bool answers)
{
    size_t count = 0;
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        if (!end)
            break;
        struct str line = str_n(text.ptr, (size_t)(end - text.ptr));
        struct json root;
        if (answers) {
            MUST(json_parse(line, "an answer", &root, NULL) == 0 && json_type(root) == JSON_OBJECT);
            MUST(json_exists(json_get(root, "result")) != json_exists(json_get(root, "error")));
        }
        count += str_trim(line).len != 0;
        text = str_n(end + 1, text.len - line.len - 1);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf heard = BUF_INIT;
    if (size < 1)
        return 0;
    if (!control)
        start();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    for (size_t at = 1; at < size;) {
        size_t piece = data[0] ? 1 + data[0] * (at + 7) % 700 : size - at;
        ssize_t n = write(fd, data + at, piece < size - at ? piece : size - at);
        MUST(n > 0 || errno == EAGAIN);
        at += n > 0 ? (size_t)n : 0;
        uv_run(&loop, UV_RUN_NOWAIT);
        MUST(!hear(fd, &heard));
    }
    shutdown(fd, SHUT_WR);
    while (!hear(fd, &heard))
        uv_run(&loop, UV_RUN_NOWAIT);
    MUST(lines_of(buf_str(&heard), true) == lines_of(str_n((const char *)data + 1, size - 1), false));
    close(fd);
    buf_free(&heard);
    return 0;
}
