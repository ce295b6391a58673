/* SPDX-License-Identifier: Apache-2.0 */
/* The outlet: whoever adds never waits, what was taken arrives in order, and what was lost is counted. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/outlet.h"

#define FOREVER (-1)

static struct outlet *open_on(int fd)
{
    struct outlet *o;
    struct error err;
    assert_int_equal(outlet_open(fd, &o, &err), 0);
    return o;
}

static void add(struct outlet *o, const char *text)
{
    outlet_add(o, str_of(text));
}

/* What is in the pipe, until it is empty and nobody writes any more. */
static struct buf drain(int fd)
{
    struct buf all = BUF_INIT;
    char chunk[65536];
    for (ssize_t n; (n = read(fd, chunk, sizeof chunk)) > 0;)
        buf_add(&all, chunk, (size_t)n);
    return all;
}

static void writes_in_order(void **state)
{
    (void)state;
    int fds[2];
    char line[32];
    assert_int_equal(pipe(fds), 0);
    struct outlet *o = open_on(fds[1]);
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        add(o, line);
    }
    assert_true(outlet_settle(o, 30000));
    assert_int_equal(outlet_lost(o), 0);
    assert_int_equal(outlet_close(o, FOREVER), 0);
    close(fds[1]);
    struct buf all = drain(fds[0]);
    char *at = all.ptr;
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        assert_memory_equal(at, line, strlen(line));
        at += strlen(line);
    }
    assert_int_equal(*at, '\0');
    buf_free(&all);
    close(fds[0]);
}

/* Nobody reads until the queue has overflowed. */
static void loses_and_says_so(void **state)
{
    (void)state;
    int fds[2];
    struct clock clock = {.manual = true};
    struct log log;
    assert_int_equal(pipe(fds), 0);
    struct outlet *o = open_on(fds[1]);
    log_init(&log, -1, &clock);
    log.outlet = o;
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 20000; i++) /* 20 MB */
        log_line(&log, LOG_INFO, "%s", text);
    uint64_t lost = outlet_lost(o);
    assert_true(lost > 8000 && lost < 20000);
    assert_int_equal(outlet_take_untold(o), 0); /* no room to say so */
    assert_false(outlet_settle(o, 1));
    /* The pipe is read again: what was kept, then how much was not, then what comes now. */
    struct buf kept = BUF_INIT;
    while (!outlet_settle(o, 0)) {
        char chunk[65536];
        if (poll(&(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, 1) == 1) /* the last one may be counted late */
            buf_add(&kept, chunk, (size_t)read(fds[0], chunk, sizeof chunk));
    }
    log_line(&log, LOG_INFO, "here again");
    log_line(&log, LOG_INFO, "and again");
    assert_int_equal(outlet_close(o, FOREVER), 0);
    close(fds[1]);
    struct buf rest = drain(fds[0]);
    buf_add_str(&kept, buf_str(&rest));
    uint64_t lines = 0;
    for (size_t i = 0; i < kept.len; i++)
        lines += kept.ptr[i] == '\n';
    assert_int_equal(lines + lost, 20000 + 3);
    char want[256];
    snprintf(want, sizeof want, "warn  %d lines were lost here", (int)lost);
    char *said = strstr(kept.ptr, want), *next = said ? strstr(said, "here again") : NULL;
    assert_non_null(next);
    assert_non_null(strstr(next, "and again"));
    assert_null(strstr(next, "were lost"));
    buf_free(&kept);
    buf_free(&rest);
    close(fds[0]);
}

/* A line that tells of others and is lost itself leaves them untold. */
static void tells_in_the_end(void **state)
{
    (void)state;
    int fds[2];
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(fds), 0);
    struct outlet *o = open_on(fds[1]);
    close(fds[0]);
    add(o, "a\nb\n");
    assert_true(outlet_settle(o, 30000));
    assert_int_equal(outlet_take_untold(o), 2);
    outlet_tell(o, str_of("2 were lost\n"), 2);
    assert_true(outlet_settle(o, 30000));
    assert_int_equal(outlet_take_untold(o), 2);
    assert_int_equal(outlet_lost(o), 2);
    assert_int_equal(outlet_close(o, FOREVER), EPIPE);
    close(fds[1]);
}

static void leaves_a_stuck_thread(void **state)
{
    (void)state;
    int fds[2];
    char chunk[4096];
    assert_int_equal(pipe(fds), 0);
    struct outlet *o = open_on(fds[1]);
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 64; i++)
        outlet_add(o, str_n(chunk, sizeof chunk));
    assert_int_equal(outlet_close(o, 20), ETIMEDOUT);
    assert_true(fcntl(fds[1], F_GETFL) >= 0);
    close(fds[0]); /* it goes on, and ends */
}

/* A descriptor that another program has made O_NONBLOCK loses nothing. */
static void waits_where_others_do_not(void **state)
{
    (void)state;
    int fds[2];
    char line[1000];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    struct outlet *o = open_on(fds[1]);
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 1000; i++) /* more than a pipe holds */
        outlet_add(o, str_n(line, sizeof line));
    struct buf all = BUF_INIT;
    while (all.len < 1000 * sizeof line) {
        char chunk[65536];
        ssize_t n = read(fds[0], chunk, sizeof chunk);
        assert_true(n > 0);
        buf_add(&all, chunk, (size_t)n);
    }
    assert_int_equal(outlet_close(o, FOREVER), 0);
    assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    buf_free(&all);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_in_order),           cmocka_unit_test(loses_and_says_so),
        cmocka_unit_test(tells_in_the_end),          cmocka_unit_test(leaves_a_stuck_thread),
        cmocka_unit_test(waits_where_others_do_not),
    };
    return cmocka_run_group_tests_name("outlet", tests, NULL, NULL);
}
