/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, buffers, texts, the clock: the base floor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "base/backoff.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/texts.h"

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

static void texts_live_in_one_block(void **state)
{
    (void)state;
    char name[] = "bert";
    const char *a = "old", *b = "old", *c = "old";
    void *block = TEXTS_COPY({&a, name}, {&b, NULL}, {&c, ""});
    assert_non_null(block);
    name[0] = 'x';
    assert_string_equal(a, "bert");
    assert_null(b);
    assert_string_equal(c, "");
    free(block);
    block = TEXTS_COPY({&a, NULL});
    assert_non_null(block);
    assert_null(a);
    free(block);
    alloc_fail_at(1);
    assert_null(TEXTS_COPY({&a, "kept"}, {&b, "kept"}));
    c = "kept";
    alloc_fail_at(1);
    assert_null(texts_copy_list(&c, 1));
    alloc_fail_at(0);
}

static void a_list_lives_in_one_block(void **state)
{
    (void)state;
    static const char *const names[] = {"train", "", "lab", NULL};
    assert_int_equal(texts_count(names), 3);
    char **copy = texts_copy_list(names, 2);
    assert_non_null(copy);
    assert_string_equal(copy[0], "train");
    assert_string_equal(copy[1], "");
    assert_null(copy[2]);
    free(copy);
    copy = texts_copy_list(names, 0);
    assert_non_null(copy);
    assert_null(copy[0]);
    free(copy);
}

static void who_wants_no_details_gives_no_error(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set_status(NULL, ERR_HTTP, 503, "%s", "too busy"), ERR_HTTP);
    error_set_retryable(NULL, true);
    error_prefix(NULL, "%s", "the server");
    error_append(NULL, "%s", "; wait");
    assert_int_equal(error_nomem(NULL), ERR_NOMEM);
    error_clear(NULL);
    assert_int_equal(error_set_status(&err, ERR_HTTP, 503, "%s", "too busy"), ERR_HTTP);
    assert_int_equal(err.status, 503);
    assert_false(err.retryable);
    error_set_retryable(&err, true);
    assert_true(err.retryable);
    assert_string_equal(err.message, "too busy");
}

static void error_append_stays_within_the_message(void **state)
{
    (void)state;
    struct error err;
    char text[ERROR_MESSAGE_MAX];
    error_set(&err, ERR_IO, "disk full");
    assert_int_equal(error_append(&err, " (%d of %d)", 3, 4), ERR_IO);
    assert_string_equal(err.message, "disk full (3 of 4)");
    error_append(&err, "; %s", err.message);
    assert_string_equal(err.message, "disk full (3 of 4); disk full (3 of 4)");
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 2; i++) {
        error_append(&err, "%s", text);
        assert_int_equal(strlen(err.message), ERROR_MESSAGE_MAX - 1);
        assert_string_equal(err.message + ERROR_MESSAGE_MAX - 4, "...");
    }
    assert_true(strncmp(err.message, "disk full (3 of 4); ", 20) == 0);
}

static void error_is_kept_with_and_without_memory(void **state)
{
    (void)state;
    const struct error *kept = NULL;
    struct error one, two, none = {0};
    error_set(&one, ERR_IO, "one");
    error_set(&two, ERR_LIMIT, "two");
    error_keep(&kept, &one);
    const struct error *first = kept;
    assert_string_equal(kept->message, "one");
    error_keep(&kept, &two);
    assert_ptr_equal(kept, first); /* the same memory */
    assert_string_equal(kept->message, "two");
    error_keep(&kept, kept);
    assert_string_equal(kept->message, "two");
    error_keep(&kept, &none);
    assert_null(kept);
    alloc_fail_at(1);
    error_keep(&kept, &one);
    alloc_fail_at(0);
    assert_int_equal(kept->code, ERR_NOMEM);
    assert_string_equal(kept->reason, error_reason(ERR_NOMEM));
    error_keep(&kept, &two);
    assert_string_equal(kept->message, "two");
    error_keep(&kept, NULL);
    assert_null(kept);
    alloc_fail_at(1);
    error_keep(&kept, &one);
    alloc_fail_at(0);
    error_keep(&kept, NULL);
    assert_null(kept);
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
    static const char *const bad[] = {"",
                                      "2026-13-01T00:00:00Z",
                                      "2026-02-29T00:00:00Z",
                                      "2026-11-23 20:15",
                                      "2026-11-23T20:15:00",
                                      "2026-11-23T20:15:00.Z",
                                      "2026-11-23T20:15:00Zx",
                                      "2026-11-23T24:00:00Z"};
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
    assert_string_equal(
        text, "1970-01-01T00:00:00Z warn  two\n    lines job=\"a\\nb=\\\"c\\\"\" n=1\n"
              "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\"message\":\"q\\\"\",\"job\":\"x/y\"}\n");
}

/* A terminal and a reader of JSON get what they can take, whatever a server wrote. */
static void log_is_clean_text(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    struct clock clock = {.manual = true, .manual_us = 0};
    struct log log;
    log_init(&log, pipes[1], &clock);
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log.format = (enum log_format)format;
        log_event(&log, LOG_INFO,
                  "a\xc2\x9b"
                  "31mb\xe2\x80\xae",
                  LOG_FIELDS({"bad", "x\xff\xc0\x80\xed\xa0\x80\xe2\x82"}, {"good", "\xc3\xa9\xf0\x9f\x98\x80"},
                             {"csi", "\xc2\x9b"}, LOG_JSON_FIELD("n", "5"), LOG_JSON_FIELD("none", NULL),
                             LOG_JSON_FIELD("diff", "[{\"a\":\n\"\xc2\x9b\xff\"}]"),
                             LOG_LINES_FIELD("lines", "[1]", "  a: \xc2\x9b\n+ b\n"), LOG_LINES_FIELD("no", NULL, "x"),
                             LOG_LINES_FIELD("program", "2", NULL), {"text", "5"}));
    }
    close(pipes[1]);
    char text[2048] = {0};
    assert_true(read(pipes[0], text, sizeof text - 1) > 0);
    close(pipes[0]);
#define BAD "\xef\xbf\xbd"
    assert_string_equal(
        text,
        "1970-01-01T00:00:00Z info  a\\u009b31mb\\u202e bad=\"x" BAD BAD BAD BAD BAD BAD BAD BAD
        "\" good=\xc3\xa9\xf0\x9f\x98\x80 csi=\"\\u009b\" n=5 diff=\"[{\\\"a\\\":\\n\\\"\\u009b" BAD "\\\"}]\" text=5\n"
        "      a: \\u009b\n    + b\n"
        "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\"message\":\"a\\u009b31mb\\u202e\",\"bad\":\"x" BAD BAD
            BAD BAD BAD BAD BAD BAD
        "\",\"good\":\"\xc3\xa9\xf0\x9f\x98\x80\",\"csi\":\"\\u009b\",\"n\":5,\"diff\":[{\"a\": "
        "\"\\u009b" BAD "\"}],\"lines\":[1],\"program\":2,\"text\":\"5\"}\n");
#undef BAD
}

static void base64(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                           {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < 6; i++) {
        buf_reset(&b);
        base64_encode(str_of(pairs[i][0]), &b);
        assert_true(str_is(buf_str(&b), pairs[i][1]));
        buf_reset(&b);
        assert_true(base64_decode(str_of(pairs[i][1]), &b));
        assert_true(str_is(buf_str(&b), pairs[i][0]));
    }
    buf_reset(&b);
    assert_true(base64_decode(str_of("Zm\n9v\r\nZg==\n"), &b));
    assert_string_equal(b.ptr, "foof");
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v Zg==", "Zg==Zg==", "====", "Z===", "Zm-v", "Zm=v", "=Zg="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_reset(&b);
        if (base64_decode(str_of(bad[i]), &b))
            fail_msg("%s", bad[i]);
    }
    buf_free(&b);
}

static void chance_is_even_and_repeatable(void **state)
{
    (void)state;
    struct chance a, b, c;
    unsigned seen[6] = {0};
    chance_seed(&a, 7);
    chance_seed(&b, 7);
    chance_seed(&c, 8);
    unsigned alike = 0;
    for (int i = 0; i < 60000; i++) {
        uint64_t n = chance_below(&a, 6);
        assert_true(n < 6);
        assert_int_equal(n, chance_below(&b, 6));
        alike += n == chance_below(&c, 6);
        seen[n]++;
    }
    for (int i = 0; i < 6; i++)
        assert_true(seen[i] > 9500 && seen[i] < 10500);
    assert_true(alike < 10500);
    assert_int_equal(chance_below(&a, 0), 0);
    assert_int_equal(chance_below(&a, 1), 0);
    for (int i = 0; i < 100; i++)
        assert_true(chance_below(NULL, UINT64_MAX) < UINT64_MAX);
    chance_seed(&a, 0); /* from the system, and so another each time */
    chance_seed(&b, 0);
    assert_true(chance_draw(&a) != chance_draw(&b));
    assert_true(chance_draw(NULL) != chance_draw(NULL));
}

/* The least and the most that 2,000 pauses after so many tries were. */
static void pauses_of(const struct backoff *b, unsigned tries, uint64_t *least, uint64_t *most)
{
    struct chance chance;
    chance_seed(&chance, 7);
    *least = UINT64_MAX;
    *most = 0;
    for (int i = 0; i < 2000; i++) {
        uint64_t ms = backoff_ms(b, tries, &chance);
        *least = ms < *least ? ms : *least;
        *most = ms > *most ? ms : *most;
    }
}

static void backoff_doubles_up_to_its_most(void **state)
{
    (void)state;
    struct backoff b = {.first_ms = 200, .most_ms = 10000};
    for (unsigned tries = 1; tries < 12; tries++) {
        uint64_t bound = tries < 7 ? 200u << (tries - 1) : 10000, least, most;
        b.jitter = BACKOFF_EXACT;
        pauses_of(&b, tries, &least, &most);
        assert_int_equal(least, bound);
        assert_int_equal(most, bound);
        b.jitter = BACKOFF_FULL;
        pauses_of(&b, tries, &least, &most);
        assert_true(least < bound / 10);
        assert_true(most <= bound && most > bound * 9 / 10);
        b.jitter = BACKOFF_QUARTER;
        pauses_of(&b, tries, &least, &most);
        assert_true(least >= bound && least < bound + bound / 40);
        assert_true(most < bound + bound / 4 && most > bound + bound / 5);
    }
    b.jitter = BACKOFF_EXACT;
    assert_int_equal(backoff_ms(&b, 0, NULL), 200);
    assert_int_equal(backoff_ms(&b, UINT_MAX, NULL), 10000);
    b = (struct backoff){.first_ms = 3, .most_ms = UINT64_MAX};
    assert_int_equal(backoff_ms(&b, 1000, NULL), UINT64_MAX);
    b = (struct backoff){.first_ms = 30, .most_ms = 20};
    assert_int_equal(backoff_ms(&b, 1, NULL), 20);
    b = (struct backoff){.first_ms = 0, .most_ms = 20};
    assert_int_equal(backoff_ms(&b, UINT_MAX, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_cut_at_a_character),
        cmocka_unit_test(error_prefix_keeps_the_rest),
        cmocka_unit_test(texts_live_in_one_block),
        cmocka_unit_test(a_list_lives_in_one_block),
        cmocka_unit_test(who_wants_no_details_gives_no_error),
        cmocka_unit_test(error_append_stays_within_the_message),
        cmocka_unit_test(error_is_kept_with_and_without_memory),
        cmocka_unit_test(buf_grows_to_its_limit),
        cmocka_unit_test(buf_survives_failing_allocations),
        cmocka_unit_test(glob_matches_as_a_shell),
        cmocka_unit_test(nearest_name),
        cmocka_unit_test(clock_reads_what_it_writes),
        cmocka_unit_test(log_cannot_be_forged),
        cmocka_unit_test(log_is_clean_text),
        cmocka_unit_test(base64),
        cmocka_unit_test(chance_is_even_and_repeatable),
        cmocka_unit_test(backoff_doubles_up_to_its_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
