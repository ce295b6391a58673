#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

static void error_is_cut_at_a_character(void **state)
{
    (void)state;
    struct error err;
    char text[ERROR_MESSAGE_MAX * 2];
    memset(text, 0, sizeof text);
    for (size_t i = 0; i + 3 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA9", 2);
    assert_int_equal(error_set(&err, ERR_INVALID, "x%s", text), ERR_INVALID);
    size_t n = strlen(err.message);
    assert_string_equal(err.message + n - 3, "...");
    assert_int_equal((unsigned char)err.message[n - 4], 0xA9);
    assert_string_equal(err.reason, "Invalid");
}

static void error_prefix_keeps_the_rest(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, ERR_IO, "disk full");
    assert_int_equal(error_prefix(&err, "%s:%d", "a.lua", 3), ERR_IO);
    assert_string_equal(err.message, "a.lua:3: disk full");
    error_set(&err, ERR_IO, "%s again", err.message);
    assert_string_equal(err.message, "a.lua:3: disk full again");
}

static void buf_grows_to_its_limit(void **state)
{
    (void)state;
    struct buf b;
    struct error err;
    buf_init(&b, 100);
    for (int i = 0; i < 100; i++)
        buf_putc(&b, 'a');
    assert_int_equal(b.failed, 0);
    assert_int_equal(b.ptr[100], 0);
    buf_putc(&b, 'a');
    assert_int_equal(buf_result(&b, "the body", &err), ERR_LIMIT);
    assert_non_null(strstr(err.message, "the body is larger than the limit of 100 bytes"));
    assert_null(buf_take(&b, NULL));
    buf_printf(&b, "%d", 42);
    assert_string_equal(b.ptr, "42");
    buf_free(&b);
}

static void buf_survives_failing_allocations(void **state)
{
    (void)state;
    for (long n = 1;; n++) {
        struct buf b = BUF_INIT;
        b.secret = n % 2;
        alloc_fail_at(n);
        for (int i = 0; i < 1000; i++)
            buf_printf(&b, "%d,", i);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(b.failed, failed ? ERR_NOMEM : 0);
        buf_free(&b);
        if (!failed)
            break;
    }
}

static void glob_matches_as_a_shell(void **state)
{
    (void)state;
    assert_true(str_glob("*", str_of("")));
    assert_true(str_glob("debug-*", str_of("debug-7")));
    assert_false(str_glob("debug-*", str_of("a-debug-7")));
    assert_true(str_glob("*a*b*c", str_of("xxaxxbxxbc")));
    assert_false(str_glob("*a*b*c", str_of("xxaxxbxxbcd")));
    assert_true(str_glob("t?ain", str_of("train")));
    assert_false(str_glob("?", str_of("")));
}

static void nearest_name(void **state)
{
    (void)state;
    const char *const names[] = {"schedule", "every", "match", "cleanPodPolicy", "activeDeadlineSeconds", NULL};
    assert_string_equal(str_nearest("shedule", names), "schedule");
    assert_string_equal(str_nearest("cleanpodpolicy", names), "cleanPodPolicy");
    assert_string_equal(str_nearest("activeDeadlineSecond", names), "activeDeadlineSeconds");
    assert_string_equal(str_nearest("mathc", names), "match");
    assert_null(str_nearest("zzzzzz", names));
    assert_null(str_nearest("x", names));
}

static void clock_reads_what_it_writes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T20:15:00Z", INT64_C(1795464900000000)},
        {"2026-11-23T21:15:00+01:00", INT64_C(1795464900000000)},
        {"2026-11-23T20:15:00.25Z", INT64_C(1795464900250000)},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t us;
        assert_true(clock_parse(good[i].text, &us));
        assert_int_equal(us, good[i].us);
    }
    static const char *const bad[] = {"", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-23 20:15", "2026-11-23T20:15:00",
                                      "2026-11-23T20:15:00.Z", "2026-11-23T20:15:00Zx", "2026-11-23T24:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t us;
        assert_false(clock_parse(bad[i], &us));
    }
    char text[32];
    clock_format(-1, true, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    clock_format(-1, false, text);
    assert_string_equal(text, "1969-12-31T23:59:59Z");
}

static void log_cannot_be_forged(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    struct clock clock = {.manual = true, .manual_us = 0};
    struct log log;
    log_init(&log, pipes[1], &clock);
    log_event(&log, LOG_DEBUG, "not seen", NULL);
    log_event(&log, LOG_WARN, "two\nlines", LOG_FIELDS({"job", "a\nb=\"c\""}, {"gone", NULL}, {"n", "1"}));
    log.format = LOG_JSON;
    log_event(&log, LOG_INFO, "q\"", LOG_FIELDS({"job", "x/y"}));
    close(pipes[1]);
    char text[1024] = {0};
    assert_true(read(pipes[0], text, sizeof text - 1) > 0);
    close(pipes[0]);
    assert_string_equal(text, "1970-01-01T00:00:00Z warn  two\n    lines job=\"a\\nb=\\\"c\\\"\" n=1\n"
                              "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\"message\":\"q\\\"\",\"job\":\"x/y\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_cut_at_a_character),
        cmocka_unit_test(error_prefix_keeps_the_rest),
        cmocka_unit_test(buf_grows_to_its_limit),
        cmocka_unit_test(buf_survives_failing_allocations),
        cmocka_unit_test(glob_matches_as_a_shell),
        cmocka_unit_test(nearest_name),
        cmocka_unit_test(clock_reads_what_it_writes),
        cmocka_unit_test(log_cannot_be_forged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
