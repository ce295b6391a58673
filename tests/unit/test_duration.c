/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, from text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "time/duration.h"

#define S INT64_C(1000000)

static void reads_what_people_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } table[] = {
        {"90s", 90 * S},
        {"10m", 600 * S},
        {"1h30m", 5400 * S},
        {"2h", 7200 * S},
        {"1d", 86400 * S},
        {"1w", 604800 * S},
        {"1d12h", 129600 * S},
        {"250ms", S / 4},
        {"40us", 40},
        {"90", 90 * S},
        {"0", 0},
        {"0s", 0},
        {"2h05m", 7500 * S},
        {"120m", 7200 * S},
        {"1w2d3h4m5s6ms7us", 788645 * S + 6007},
        {"100000h", 360000000 * S},
        {"36525d", DURATION_MOST},
    };
    struct error err;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t us = -1;
        assert_int_equal(duration_parse(table[i].text, &us, &err), 0);
        assert_int_equal(us, table[i].us);
    }
}

static void refuses_the_rest_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        int code;
    } table[] = {
        {"", "duration \"\": it is empty; write it like 90s, 10m, 1h30m, 1d or 250ms", ERR_SYNTAX},
        {"-5m", "duration \"-5m\": a sign is not allowed", ERR_SYNTAX},
        {"+5m", "a sign is not allowed", ERR_SYNTAX},
        {"1.5h", "a fraction is not allowed", ERR_SYNTAX},
        {"1,5h", "a fraction is not allowed", ERR_SYNTAX},
        {"10min", "\"min\" is no unit, the units are w, d, h, m, s, ms and us", ERR_SYNTAX},
        {"5M", "\"M\" is no unit", ERR_SYNTAX},
        {"1hour", "\"hour\" is no unit", ERR_SYNTAX},
        {"1y", "\"y\" is no unit", ERR_SYNTAX},
        {"1h 30m", "a space is not allowed", ERR_SYNTAX},
        {" 1h", "a space is not allowed", ERR_SYNTAX},
        {"5 m", "a space is not allowed", ERR_SYNTAX},
        {"5_m", "\"_\" is not expected here", ERR_SYNTAX},
        {"1h ", "a space is not allowed", ERR_SYNTAX},
        {"h", "a number is expected before each unit", ERR_SYNTAX},
        {"1h30", "the last number has no unit", ERR_SYNTAX},
        {"30m1h", "the larger unit comes first", ERR_SYNTAX},
        {"5ms1s", "the larger unit comes first", ERR_SYNTAX},
        {"1h1h", "a unit stands in it twice", ERR_SYNTAX},
        {"1hm", "\"hm\" is no unit", ERR_SYNTAX},
        {"36526d", "duration \"36526d\" is longer than the most, 100 years", ERR_LIMIT},
        {"36525d1us", "longer than the most", ERR_LIMIT},
        {"99999999999999999999999999s", "longer than the most", ERR_LIMIT},
        {"18446744073709551616", "longer than the most", ERR_LIMIT},
    };
    struct error err;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t us = -1;
        assert_int_equal(duration_parse(table[i].text, &us, &err), table[i].code);
        assert_int_equal(us, -1);
        if (!strstr(err.message, table[i].why))
            fail_msg("\"%s\": %s", table[i].text, err.message);
    }
    assert_int_equal(duration_parse("x", &(int64_t){0}, NULL), ERR_SYNTAX);
}

static void writes_in_full_and_in_brief(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *full, *brief;
    } table[] = {
        {0, "0s", "0s"},
        {1, "1us", "1us"},
        {45 * S, "45s", "45s"},
        {7500 * S, "2h5m", "2h5m"},
        {93600 * S, "1d2h", "1d2h"},
        {604800 * S, "7d", "7d"},
        {93784 * S + 5006, "1d2h3m4s5ms6us", "1d2h"},
        {86400 * S + 59 * S, "1d59s", "1d"},
        {-90 * S, "-1m30s", "-1m30s"},
        {INT64_MAX, "106751991d4h54s775ms807us", "106751991d4h"},
        {INT64_MIN, "-106751991d4h54s775ms808us", "-106751991d4h"},
        {-(INT64_C(86399999999) + INT64_C(106751990) * 86400 * S), "-106751990d23h59m59s999ms999us", "-106751990d23h"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char out[32];
        duration_format(table[i].us, false, out);
        assert_string_equal(out, table[i].full);
        duration_format(table[i].us, true, out);
        assert_string_equal(out, table[i].brief);
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint64_t seed = 20261123;
    struct error err;
    for (int i = 0; i < 100000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        int64_t us = (int64_t)(seed >> (1 + i % 63)) % (DURATION_MOST + 1), again;
        char out[32];
        duration_format(us, false, out);
        assert_int_equal(duration_parse(out, &again, &err), 0);
        assert_int_equal(again, us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_people_write),
        cmocka_unit_test(refuses_the_rest_and_says_why),
        cmocka_unit_test(writes_in_full_and_in_brief),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
