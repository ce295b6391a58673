/* SPDX-License-Identifier: Apache-2.0 */
/* The instants of holds_for and warn, and what a job's row says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "trigger/event_handled.h"
#include "trigger/waits.h"

#define SECOND CLOCK_SECOND
#define HOUR (3600 * SECOND)
#define BEGIN (INT64_C(1790000000) * SECOND)

static const struct policy warns = {.holds_for = 600 * SECOND, .warn = {.at = {24 * HOUR, HOUR}, .count = 2}};

static void test_instants(void **state)
{
    struct job_wait w = {.holds_us = BEGIN};
    struct policy holds = {.holds_for = 600 * SECOND};
    bool acts;
    (void)state;
    assert_int_equal(wait_next(&holds, &w, &acts), BEGIN + 600 * SECOND);
    assert_true(acts);
    int64_t first = BEGIN + 600 * SECOND, at = first + 24 * HOUR;
    assert_int_equal(wait_next(&warns, &w, &acts), first);
    assert_false(acts);
    assert_int_equal(wait_acts(&warns, &w), at);
    assert_int_equal(wait_acts_after(&warns, &w, first), at);
    w = (struct job_wait){BEGIN, at, 7, 1};
    assert_int_equal(wait_next(&warns, &w, &acts), at - HOUR);
    assert_false(acts);
    w.warned = 2;
    assert_int_equal(wait_next(&warns, &w, &acts), at);
    assert_true(acts);
    w.warned = 3; /* of a text that warned more often */
    assert_int_equal(wait_next(&warns, &w, &acts), at);
    assert_true(acts);
}

static void test_late_warnings_move_the_instant(void **state)
{
    struct job_wait w = {.holds_us = BEGIN};
    int64_t first = BEGIN + 600 * SECOND, at = first + 24 * HOUR;
    (void)state;
    assert_int_equal(wait_acts_after(&warns, &w, first + 60 * SECOND), at);
    assert_int_equal(wait_acts_after(&warns, &w, first + 61 * SECOND), at + 61 * SECOND);
    w = (struct job_wait){BEGIN, at, 7, 1};
    assert_int_equal(wait_acts_after(&warns, &w, at - HOUR + 60 * SECOND), at);
    assert_int_equal(wait_acts_after(&warns, &w, at - 1), at + HOUR);
    assert_int_equal(wait_acts_after(&warns, &w, at + 5 * HOUR + 1), at + 6 * HOUR + SECOND); /* whole seconds */
    w = (struct job_wait){.holds_us = INT64_MAX - 1};
    assert_int_equal(wait_acts(&warns, &w), INT64_MAX);
}

static void check_row(const char *row, struct job_wait wanted)
{
    struct buf out = BUF_INIT;
    struct job_wait got;
    wait_read(row, &got);
    assert_int_equal(got.holds_us, wanted.holds_us);
    assert_int_equal(got.warned, wanted.warned);
    assert_int_equal(got.acts_us, wanted.acts_us);
    assert_true(got.look == wanted.look);
    wait_write(&got, &out);
    wait_read(out.len ? out.ptr : "", &got);
    assert_int_equal(got.warned, wanted.warned);
    assert_true(got.look == wanted.look);
    buf_free(&out);
}

static void test_rows(void **state)
{
    (void)state;
    check_row("", (struct job_wait){0});
    check_row("g2a+fm1790000000000000", (struct job_wait){0});
    check_row("h1790000000000000", (struct job_wait){.holds_us = BEGIN});
    check_row("g12h1790000000000000w2t1790086400000000k18446744073709551615",
              (struct job_wait){BEGIN, BEGIN + 24 * HOUR, UINT64_MAX, 2});
    check_row("h1790000000000000w2t", (struct job_wait){.holds_us = BEGIN}); /* cut */
}

static void test_a_row_whose_change_was_not_made(void **state)
{
    static const char *const rows[][2] = {{"m1790000000000000", ""},
                                          {"g2m", ""},
                                          {"a+f", ""},
                                          {"", ""},
                                          {"mh5w2t9k7", "h5w2t9k7"},
                                          {"g12m4h5w2t9k7", "g12h5w2t9k7"},
                                          {"m-4h5", "h5"},
                                          {"h5w2t9k7", "h5w1t9k7"},
                                          {"g3h5w1t9k7", "g3h5"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = BUF_INIT;
        event_handled_not_done(rows[i][0], &out);
        assert_string_equal(out.len ? out.ptr : "", rows[i][1]);
        buf_free(&out);
    }
    struct event_handled h = event_handled_of(&(struct store_handled){.value = "mh5w2t9k7", .version = ""});
    assert_int_equal(h.done, ON_MATCH);
    assert_int_equal(h.since_us, MPIJOB_NO_TIME);
    assert_int_equal(h.wait.warned, 2);
}

static struct mpijob_view view_of(const char *text)
{
    struct json root;
    struct mpijob_view view;
    assert_int_equal(json_parse(str_of(text), "the job", &root, NULL), 0);
    assert_int_equal(mpijob_view(root, (struct mpijob_target){.version = MPIJOB_V2BETA1}, &view, NULL), 0);
    return view;
}

#define JOB(meta, rest) "{\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"," meta "}," rest "}"

static void test_looks(void **state)
{
    (void)state;
    const char *base = JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"annotations\":{\"x\":\"1\"}", "\"spec\":{\"a\":1}");
    static const char *const same[] = {
        JOB("\"labels\":{\"b\":\"2\",\"a\":\"1\"},\"annotations\":{\"x\":\"1\"}", "\"spec\":{\"a\":1}"),
        JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"annotations\":{\"warned.mpijobd.io/p\":\"w\",\"x\":\"1\","
            "\"mpijobd.io/hold-until\":\"y\"}",
            "\"spec\":{\"a\":1},\"status\":{\"replicaStatuses\":{}}"),
    };
    static const char *const other[] = {
        JOB("\"labels\":{\"a\":\"2\",\"b\":\"1\"},\"annotations\":{\"x\":\"1\"}", "\"spec\":{\"a\":1}"),
        JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"annotations\":{\"x\":\"2\"}", "\"spec\":{\"a\":1}"),
        JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"annotations\":{\"x\":\"1\",\"notmpijobd.io/x\":\"\"}",
            "\"spec\":{\"a\":1}"),
        JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\"},\"annotations\":{\"x\":\"1\"}", "\"spec\":{\"a\":2}"),
        JOB("\"labels\":{\"a\":\"1\",\"b\":\"2\",\"x\":\"1\"}", "\"spec\":{\"a\":1}"),
    };
    struct mpijob_view view = view_of(base), next;
    uint64_t look = wait_look(&view);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        next = view_of(same[i]);
        assert_true(wait_look(&next) == look);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        next = view_of(other[i]);
        assert_true(wait_look(&next) != look);
    }
    struct job_wait w = {BEGIN, BEGIN + HOUR, look, 1};
    wait_check(&w, &view, MPIJOB_NO_TIME);
    assert_int_equal(w.warned, 1);
    wait_check(&w, &view, BEGIN);
    assert_int_equal(w.warned, 1);
    wait_check(&w, &next, BEGIN);
    assert_int_equal(w.holds_us, 0);
    w = (struct job_wait){.holds_us = BEGIN};
    wait_check(&w, &next, BEGIN + 1); /* it has come to match again since */
    assert_int_equal(w.holds_us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instants), cmocka_unit_test(test_late_warnings_move_the_instant),
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_a_row_whose_change_was_not_made),
        cmocka_unit_test(test_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
