/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of an hour. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "alloc.h"
#include "base/clock.h"
#include "limit/hour.h"

#define MINUTE (60 * CLOCK_SECOND)
#define NOON (INT64_C(1772366400) * CLOCK_SECOND)

static void count(struct hour *hour, int64_t at)
{
    assert_int_equal(hour_count(hour, at, NULL), 0);
}

static void counts_for_an_hour_exactly(void **state)
{
    (void)state;
    struct hour hour;
    hour_open(&hour, 3);
    assert_int_equal(hour_left(&hour, NOON), 3);
    count(&hour, NOON);
    count(&hour, NOON + MINUTE);
    count(&hour, NOON + 2 * MINUTE);
    assert_int_equal(hour_left(&hour, NOON + 60 * MINUTE - 1), 0);
    assert_int_equal(hour_left(&hour, NOON + 60 * MINUTE), 1);
    assert_int_equal(hour_left(&hour, NOON + 62 * MINUTE), 3);
    hour_uncount(&hour);
    assert_int_equal(hour_left(&hour, NOON + 3 * MINUTE), 1);
    hour_close(&hour);
}

static void says_when_so_many_will_fit(void **state)
{
    (void)state;
    struct hour hour;
    hour_open(&hour, 3);
    assert_int_equal(hour_fits(&hour, 3, NOON), NOON);
    assert_int_equal(hour_fits(&hour, 4, NOON), INT64_MAX);
    for (int i = 0; i < 3; i++)
        count(&hour, NOON + i * MINUTE);
    assert_int_equal(hour_fits(&hour, 1, NOON + 3 * MINUTE), NOON + 60 * MINUTE);
    assert_int_equal(hour_fits(&hour, 3, NOON + 3 * MINUTE), NOON + 62 * MINUTE);
    assert_int_equal(hour_fits(&hour, 2, NOON + 60 * MINUTE), NOON + 61 * MINUTE);
    hour_close(&hour);
}

static void what_is_set_aside_is_taken(void **state)
{
    (void)state;
    struct hour hour;
    hour_open(&hour, 5);
    hour_set_aside(&hour, 4);
    assert_int_equal(hour_left(&hour, NOON), 1);
    assert_int_equal(hour_used(&hour, NOON), 4);
    assert_int_equal(hour_fits(&hour, 2, NOON), NOON + 60 * MINUTE);
    count(&hour, NOON);
    hour_set_aside(&hour, -1);
    assert_int_equal(hour_used(&hour, NOON), 4);
    hour_set_aside(&hour, -3);
    assert_int_equal(hour_left(&hour, NOON), 4);
    hour_close(&hour);
}

/* A clock that was a day ahead holds nobody up for a day. */
static void survives_a_clock_that_is_set_back(void **state)
{
    (void)state;
    struct hour hour;
    hour_open(&hour, 3);
    count(&hour, NOON + 1440 * MINUTE);
    count(&hour, NOON + 1440 * MINUTE);
    assert_int_equal(hour_left(&hour, NOON), 1);
    assert_int_equal(hour_fits(&hour, 3, NOON), NOON + 60 * MINUTE);
    count(&hour, NOON);
    assert_int_equal(hour_left(&hour, NOON + 60 * MINUTE), 3);
    hour_close(&hour);
}

static void many_come_and_go(void **state)
{
    (void)state;
    struct hour hour;
    hour_open(&hour, 1000);
    for (int64_t i = 0; i < 10000; i++) { /* ten a minute: 600 within an hour */
        count(&hour, NOON + i * 6 * CLOCK_SECOND);
        assert_int_equal(hour_used(&hour, NOON + i * 6 * CLOCK_SECOND), i < 600 ? i + 1 : 600);
    }
    assert_true(hour.room <= 1024);
    hour_close(&hour);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    struct hour hour;
    struct error err;
    hour_open(&hour, 1000);
    for (int i = 0; i < 64; i++)
        count(&hour, NOON);
    alloc_fail_at(1);
    assert_int_equal(hour_count(&hour, NOON, &err), ERR_NOMEM);
    alloc_fail_at(0);
    assert_int_equal(hour_used(&hour, NOON), 64);
    count(&hour, NOON);
    assert_int_equal(hour_used(&hour, NOON), 65);
    hour_close(&hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_for_an_hour_exactly), cmocka_unit_test(says_when_so_many_will_fit),
        cmocka_unit_test(what_is_set_aside_is_taken), cmocka_unit_test(survives_a_clock_that_is_set_back),
        cmocka_unit_test(many_come_and_go),           cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
