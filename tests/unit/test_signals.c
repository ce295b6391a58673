/* SPDX-License-Identifier: Apache-2.0 */
/* Signals on the loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "loop/signals.h"

struct seen {
    struct signals signals;
    int stops, reloads, last, closed;
    int close_after; /* stops */
};

static void on_closed(void *data)
{
    ((struct seen *)data)->closed++;
}

static void on_stop(void *data, int signum)
{
    struct seen *seen = data;
    seen->last = signum;
    if (++seen->stops == seen->close_after)
        signals_close(&seen->signals, on_closed);
}

static void on_reload(void *data)
{
    ((struct seen *)data)->reloads++;
}

static void wait_for(uv_loop_t *loop, const int *counter, int value)
{
    while (*counter < value)
        uv_run(loop, UV_RUN_ONCE);
}

/* signals do not keep the loop alive, so that something else has to while a test waits */
static void idle(uv_timer_t *timer)
{
    (void)timer;
}

static void signals_reach_their_callbacks(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct seen seen = {.close_after = 3};
    struct error err;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(signals_open(&loop, &seen.signals, on_stop, on_reload, &seen, &err), 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* returns: nothing keeps it */
    uv_timer_t keep;
    uv_timer_init(&loop, &keep);
    uv_timer_start(&keep, idle, 1000, 1000);

    struct sigaction now;
    sigaction(SIGPIPE, NULL, &now);
    assert_true(now.sa_handler == SIG_IGN);

    kill(getpid(), SIGHUP);
    wait_for(&loop, &seen.reloads, 1);
    kill(getpid(), SIGTERM);
    wait_for(&loop, &seen.stops, 1);
    assert_int_equal(seen.last, SIGTERM);
    kill(getpid(), SIGTERM);
    wait_for(&loop, &seen.stops, 2);
    kill(getpid(), SIGINT); /* closes from within the callback */
    wait_for(&loop, &seen.closed, 1);
    assert_int_equal(seen.last, SIGINT);
    assert_int_equal(seen.reloads, 1);

    const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < 4; i++) {
        sigaction(all[i], NULL, &now);
        assert_true(now.sa_handler == SIG_DFL);
    }
    uv_close((uv_handle_t *)&keep, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(seen.closed, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_signal_without_callback_is_left_alone(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct seen seen = {0};
    struct error err;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(signals_open(&loop, &seen.signals, on_stop, NULL, &seen, &err), 0);
    struct sigaction now;
    sigaction(SIGHUP, NULL, &now);
    assert_true(now.sa_handler == SIG_DFL);
    sigaction(SIGTERM, NULL, &now);
    assert_true(now.sa_handler != SIG_DFL);
    signals_close(&seen.signals, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_reach_their_callbacks),
        cmocka_unit_test(a_signal_without_callback_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
