/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket over real sockets: answers that come later and on the way, askers that go, slow ones, memory that
 * is short, and the asker's own side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "alloc.h"
#include "control/asker.h"
#include "control/control.h"
#include "loop/defer.h"

#define WAITS 64

struct fixture {
    uv_loop_t loop;
    struct defer_queue soon;
    uv_timer_t alive; /* the control's own handles do not keep a loop turning */
    char folder[64], path[96];
    struct control *control;
    struct control_request *waiting[WAITS]; /* in the order of their coming; NULL: answered or gone */
    int begun, gone, closed;
    /* of the asker */
    struct control_asker *asker;
    int lines, answers, failures;
    struct error error;
};

/* ---- handlers ---- */

static void h_echo(void *data, struct control_request *r, struct json args)
{
    assert_non_null(data);
    control_answer(r, json_get(args, "back"));
}

static void gone(void *data, struct control_request *r)
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

static void h_later(void *data, struct control_request *r, struct json args)
{
    struct fixture *f = data;
    (void)args;
    assert_true(f->begun < WAITS);
    f->waiting[f->begun++] = r;
    control_wait(r, gone, f);
    assert_int_equal(control_request_peer(r).uid, geteuid());
    assert_int_equal(control_request_peer(r).pid, getpid());
}

static void h_lines(void *data, struct control_request *r, struct json args)
{
    (void)data;
    (void)args;
    for (int i = 0; i < 3; i++)
        control_tell(r, (struct json){str_of("[1]")});
    control_answer(r, (struct json){str_of("{\"done\":true}")});
}

static void h_fails(void *data, struct control_request *r, struct json args)
{
    struct error err;
    (void)data;
    (void)args;
    error_set(&err, ERR_REFUSED, "no, \"thank you\"");
    control_fail(r, &err);
}

static void h_much(void *data, struct control_request *r, struct json args)
{
    (void)data;
    (void)args;
    static char text[1 << 20];
    memset(text, ' ', sizeof text);
    text[0] = '1';
    for (int i = 0; i < 17; i++)
        control_tell(r, (struct json){str_n(text, sizeof text)});
    control_answer(r, (struct json){0});
}

static const struct control_verb verbs[] = {{"echo", CONTROL_READS, h_echo},   {"later", CONTROL_ACTS, h_later},
                                            {"lines", CONTROL_READS, h_lines}, {"fails", CONTROL_READS, h_fails},
                                            {"much", CONTROL_READS, h_much},   {NULL, CONTROL_READS, NULL}};

/* ---- the fixture ---- */

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/test_control_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/c", f->folder);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    defer_queue_open(&f->loop, &f->soon);
    uv_timer_init(&f->loop, &f->alive);
    uv_timer_start(&f->alive, tick, 1, 1);
    *state = f;
    return 0;
}

static void control_is_closed(void *data)
{
    ((struct fixture *)data)->closed++;
}

static void turns(struct fixture *f, const int *what, int wanted)
{
    uint64_t until = uv_hrtime() + UINT64_C(20000000000);
    while (*what < wanted && uv_hrtime() < until)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(*what, wanted);
}

static void shut(struct fixture *f)
{
    int before = f->closed;
    control_close(f->control, control_is_closed, f);
    turns(f, &f->closed, before + 1);
    f->control = NULL;
    assert_int_equal(access(f->path, F_OK), -1);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char lock[128];
    if (f->control)
        shut(f);
    snprintf(lock, sizeof lock, "%s.lock", f->path);
    unlink(lock);
    assert_int_equal(rmdir(f->folder), 0);
    uv_close((uv_handle_t *)&f->alive, NULL);
    defer_queue_close(&f->soon, NULL, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    free(f);
    return 0;
}

static int try_open(struct fixture *f, unsigned request_ms, struct error *err)
{
    struct control_options o = {.path = f->path, .soon = &f->soon, .request_ms = request_ms};
    int rc = control_open(&f->loop, &o, &f->control, err);
    if (rc)
        return rc;
    rc = control_add(f->control, verbs, f, err);
    return rc;
}

static void open_control(struct fixture *f, unsigned request_ms)
{
    struct error err;
    if (try_open(f, request_ms, &err))
        fail_msg("%s", err.message);
    assert_int_equal(control_add(f->control, verbs, f, &err), ERR_INVALID); /* each name once */
}

static int dial(const struct fixture *f)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", f->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The next line, without its end; NULL: the connection has ended. */
static const char *hear(struct fixture *f, int fd)
{
    static char line[65536];
    size_t n = 0;
    uint64_t until = uv_hrtime() + UINT64_C(20000000000);
    while (uv_hrtime() < until && n + 1 < sizeof line) {
        ssize_t got = read(fd, line + n, 1);
        if (got == 0)
            return NULL;
        if (got < 0)
            uv_run(&f->loop, UV_RUN_ONCE);
        else if (line[n++] == '\n') {
            line[n - 1] = '\0';
            return line;
        }
    }
    fail_msg("no line came: %.*s", (int)n, line);
    return NULL;
}

static void hears(struct fixture *f, int fd, const char *wanted)
{
    const char *line = hear(f, fd);
    assert_non_null(line);
    assert_string_equal(line, wanted);
}

/* ---- answers ---- */

static void answers_at_once_later_and_on_the_way(void **state)
{
    struct fixture *f = *state;
    open_control(f, 0);
    int fd = dial(f);
    say(fd, "{\"verb\":\"echo\",\"args\":{\"back\":{\"a\":[1,null]}}}\n{\"id\":7,\"verb\":\"echo\"}\n");
    hears(f, fd, "{\"result\":{\"a\":[1,null]}}");
    hears(f, fd, "{\"id\":7,\"result\":null}");
    say(fd, "{\"id\":1,\"verb\":\"lines\"}\n{\"id\":2,\"verb\":\"fails\"}\n");
    for (int i = 0; i < 3; i++)
        hears(f, fd, "{\"id\":1,\"line\":[1]}");
    hears(f, fd, "{\"id\":1,\"result\":{\"done\":true}}");
    hears(f, fd, "{\"id\":2,\"error\":{\"reason\":\"Refused\",\"message\":\"no, \\\"thank you\\\"\"}}");
    /* What waits lets others pass, and is answered in any order. */
    say(fd, "{\"id\":3,\"verb\":\"later\"}\n{\"id\":4,\"verb\":\"later\"}\n{\"id\":5,\"verb\":\"echo\"}\n");
    hears(f, fd, "{\"id\":5,\"result\":null}");
    assert_int_equal(f->begun, 2);
    control_answer(f->waiting[1], (struct json){str_of("2")});
    control_answer(f->waiting[0], (struct json){str_of("1")});
    f->waiting[0] = f->waiting[1] = NULL;
    hears(f, fd, "{\"id\":4,\"result\":2}");
    hears(f, fd, "{\"id\":3,\"result\":1}");
    /* Who has said all is answered, and then the connection ends. */
    say(fd, "{\"id\":6,\"verb\":\"later\"}\n");
    shutdown(fd, SHUT_WR);
    turns(f, &f->begun, 3);
    for (int i = 0; i < 5; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    control_answer(f->waiting[2], (struct json){0});
    f->waiting[2] = NULL;
    hears(f, fd, "{\"id\":6,\"result\":null}");
    assert_null(hear(f, fd));
    close(fd);
    assert_int_equal(f->gone, 0);
}

static void as_many_as_are_allowed_are_under_way(void **state)
{
    struct fixture *f = *state;
    open_control(f, 0);
    int fd = dial(f);
    for (int i = 0; i < CONTROL_REQUESTS_MAX + 8; i++)
        say(fd, "{\"verb\":\"later\"}\n");
    turns(f, &f->begun, CONTROL_REQUESTS_MAX);
    for (int i = 0; i < 10; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(f->begun, CONTROL_REQUESTS_MAX);
    for (int i = 0; i < CONTROL_REQUESTS_MAX + 8; i++) {
        int wanted = i + CONTROL_REQUESTS_MAX;
        turns(f, &f->begun, wanted < CONTROL_REQUESTS_MAX + 8 ? wanted : CONTROL_REQUESTS_MAX + 8);
        control_answer(f->waiting[i], (struct json){0});
        f->waiting[i] = NULL;
        hears(f, fd, "{\"result\":null}");
    }
    close(fd);
}

/* ---- those who go ---- */

static void gives_up_what_waits_at_the_end(void **state)
{
    struct fixture *f = *state;
    open_control(f, 0);
    int fd = dial(f), other = dial(f);
    say(fd, "{\"verb\":\"later\"}\n{\"verb\":\"later\"}\n");
    say(other, "{\"verb\":\"ech");
    turns(f, &f->begun, 2);
    shut(f);
    assert_int_equal(f->gone, 2);
    assert_null(hear(f, fd));
    assert_null(hear(f, other));
    close(fd);
    close(other);
}

/* The end of a connection is no end of its requests: who has said all may still listen. That nobody does shows at the
 * answer, or at the next look. */
static void an_asker_that_has_gone_away(void **state)
{
    struct fixture *f = *state;
    open_control(f, 0);
    int fd = dial(f);
    say(fd, "{\"verb\":\"later\"}\n{\"verb\":\"later\"}\n");
    turns(f, &f->begun, 2);
    assert_true(control_request_heard(f->waiting[0]));
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 5; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(control_request_heard(f->waiting[0]));
    close(fd);
    for (int i = 0; i < 5; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_int_equal(f->gone, 0);
    assert_false(control_request_heard(f->waiting[0]));
    struct control_request *r = f->waiting[0];
    f->waiting[0] = NULL;
    control_answer(r, (struct json){0});
    turns(f, &f->gone, 1); /* the other one */
    fd = dial(f);
    say(fd, "{\"verb\":\"echo\"}\n");
    hears(f, fd, "{\"result\":null}");
    close(fd);
}

static void slow_requests_are_ended(void **state)
{
    struct fixture *f = *state;
    open_control(f, 250);
    int silent = dial(f), half = dial(f), waits = dial(f);
    say(half, "{\"verb\":\"echo\"}\n{\"verb\":");
    hears(f, half, "{\"result\":null}");
    say(waits, "{\"verb\":\"later\"}\n");
    assert_null(hear(f, silent));
    assert_null(hear(f, half));
    control_answer(f->waiting[0], (struct json){0}); /* who waits for an answer is not slow */
    f->waiting[0] = NULL;
    hears(f, waits, "{\"result\":null}");
    close(silent);
    close(half);
    close(waits);
}

static void answers_that_nobody_reads_are_bounded(void **state)
{
    struct fixture *f = *state;
    open_control(f, 250);
    int fd = dial(f);
    say(fd, "{\"verb\":\"later\"}\n{\"verb\":\"much\"}\n");
    turns(f, &f->gone, 1); /* the look has ended it, and with it what waited */
    int other = dial(f);
    say(other, "{\"verb\":\"echo\"}\n");
    hears(f, other, "{\"result\":null}");
    close(fd);
    close(other);
}

/* ---- the asker ---- */

static void told(void *data, struct json line)
{
    assert_true(str_is(line.text, "[1]"));
    ((struct fixture *)data)->lines++;
}

static void answered(void *data, struct json result, const struct error *err)
{
    struct fixture *f = data;
    (void)result;
    f->answers++;
    f->failures += err != NULL;
    if (err)
        f->error = *err;
}

static int ask(struct fixture *f, const char *verb, uint64_t ms, struct error *err)
{
    struct control_question q = {.verb = verb, .ms = ms, .told = told, .done = answered, .data = f};
    return control_ask(f->asker, &q, err);
}

static void asks_over_one_connection(void **state)
{
    struct fixture *f = *state;
    struct error err;
    open_control(f, 0);
    assert_int_equal(control_connect(&f->loop, f->path, &f->asker, &err), 0);
    assert_int_equal(ask(f, "lines", 0, &err), 0);
    assert_int_equal(ask(f, "later", 0, &err), 0);
    assert_int_equal(ask(f, "fails", 0, &err), 0);
    turns(f, &f->answers, 2);
    assert_int_equal(f->lines, 3);
    assert_int_equal(f->error.code, ERR_REFUSED);
    assert_string_equal(f->error.message, "no, \"thank you\"");
    assert_int_equal(ask(f, "later", 1, &err), 0);
    turns(f, &f->answers, 3);
    assert_int_equal(f->error.code, ERR_TIMEOUT);
    assert_int_equal(control_asker_waiting(f->asker), 1);
    shut(f); /* with a question that waits */
    turns(f, &f->answers, 4);
    assert_int_equal(f->error.code, ERR_UNREACHABLE);
    assert_int_equal(ask(f, "echo", 0, &err), 0); /* the daemon has gone */
    turns(f, &f->answers, 5);
    assert_int_equal(f->error.code, ERR_UNREACHABLE);
    int closed = f->closed;
    control_asker_close(f->asker, control_is_closed, f);
    turns(f, &f->closed, closed + 1);
    assert_int_equal(control_connect(&f->loop, f->path, &f->asker, &err), ERR_NOT_FOUND);
}

static void a_question_that_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    struct error err;
    open_control(f, 0);
    assert_int_equal(control_connect(&f->loop, f->path, &f->asker, &err), 0);
    assert_int_equal(ask(f, "later", 0, &err), 0);
    turns(f, &f->begun, 1);
    control_asker_close(f->asker, control_is_closed, f);
    assert_int_equal(f->answers, 1);
    assert_int_equal(f->error.code, ERR_CANCELLED);
    turns(f, &f->closed, 1);
}

static void what_is_no_daemon(void **state)
{
    struct fixture *f = *state;
    struct error err;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", f->path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(control_connect(&f->loop, f->path, &f->asker, &err), 0);
    int peer = accept(fd, NULL, NULL);
    assert_int_equal(ask(f, "echo", 0, &err), 0);
    say(peer, "220 mail.example.com ESMTP\n");
    turns(f, &f->answers, 1);
    assert_int_equal(f->error.code, ERR_PROTOCOL);
    control_asker_close(f->asker, control_is_closed, f);
    turns(f, &f->closed, 1);
    close(peer);
    close(fd);
    assert_int_equal(control_connect(&f->loop, f->path, &f->asker, &err), ERR_UNREACHABLE); /* it has ended */
    unlink(f->path);
}

/* ---- memory ---- */

static void opens_with_any_allocation_failing(void **state)
{
    struct fixture *f = *state;
    struct error err;
    for (long n = 1;; n++) {
        alloc_fail_at(n);
        int rc = try_open(f, 0, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (rc)
            assert_int_equal(rc, ERR_NOMEM);
        if (f->control)
            shut(f);
        if (!failed)
            break;
    }
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void asks_with_any_allocation_failing(void **state)
{
    struct fixture *f = *state;
    struct error err;
    open_control(f, 250); /* looks at its connections more often */
    for (long n = 1; n < 400; n++) {
        int answers = f->answers, closed = f->closed;
        alloc_fail_at(n);
        int rc = control_connect(&f->loop, f->path, &f->asker, &err);
        int asked = rc ? rc : ask(f, "lines", 20000, &err);
        if (!rc && !asked)
            turns(f, &f->answers, answers + 1); /* a result or an error */
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!rc) {
            control_asker_close(f->asker, control_is_closed, f);
            turns(f, &f->closed, closed + 1);
        }
        if (!failed) {
            assert_int_equal(f->error.code, 0);
            return;
        }
        f->error = (struct error){0};
    }
    fail_msg("an allocation fails for ever");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(answers_at_once_later_and_on_the_way),
        TEST(as_many_as_are_allowed_are_under_way),
        TEST(gives_up_what_waits_at_the_end),
        TEST(an_asker_that_has_gone_away),
        TEST(slow_requests_are_ended),
        TEST(answers_that_nobody_reads_are_bounded),
        TEST(asks_over_one_connection),
        TEST(a_question_that_is_not_waited_for),
        TEST(what_is_no_daemon),
        TEST(opens_with_any_allocation_failing),
        TEST(asks_with_any_allocation_failing),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
