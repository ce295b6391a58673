/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities against Kubernetes' own: tests/fixtures/quantities/quantities.tsv was recorded from the library that
 * kubectl and the API server use. */
#include "mpijob_fixture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "mpijob/quantity.h"

static void unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        if (*p != '\\') {
            *to++ = *p;
            continue;
        }
        p++;
        *to++ = (char)(*p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : '\\');
    }
    *to = '\0';
}

static void check(const char *text, const char *expected)
{
    int64_t whole = 0;
    bool read = quantity_parse(str_trim(str_of(text)), &whole);
    char got[32] = "ERR";
    if (read)
        snprintf(got, sizeof got, "%" PRId64, whole);
    if (strcmp(got, expected) != 0)
        fail_msg("\"%s\": %s, expected %s", text, got, expected);
}

static void as_kubernetes_does(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    struct error err;
    size_t count = 0, refused = 0;
    if (buf_read_file(&b, TEST_SOURCE_DIR "/tests/fixtures/quantities/quantities.tsv", 1 << 20, &err))
        fail_msg("%s", err.message);
    char *next = b.ptr;
    for (char *line; (line = strsep(&next, "\n"));) {
        char *expected = strrchr(line, '\t');
        if (*line == '#' || !expected)
            continue;
        *expected++ = '\0';
        unescape(line);
        check(line, expected);
        count++;
        refused += strcmp(expected, "ERR") == 0;
    }
    assert_int_equal(count, 2394);
    assert_int_equal(refused, 1447);
    buf_free(&b);
}

static void what_the_recorder_would_take_for_ever(void **state)
{
    (void)state;
    check("1e2147483647", "9223372036854775807");
    check("-1e2147483647", "-9223372036854775807");
    check("0e2147483647", "0");
    check("1e-2147483647", "1");
    check("0.000e-2147483647", "0");
}

static void values_of_an_object(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool read;
        int64_t whole;
    } table[] = {{"8", true, 8},
                 {"8.5", true, 9},
                 {"1e1", true, 10},
                 {"-1", true, -1},
                 {"\" 8 \"", true, 8},
                 {"null", true, 0},
                 {"\"\"", false, 0},
                 {"\"\\u0038\"", false, 0},
                 {"true", false, 0},
                 {"{}", false, 0},
                 {"[8]", false, 0},
                 {"\"16GB\"", false, 0},
                 {"\"16Gi\"", true, INT64_C(17179869184)}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t whole = -1;
        assert_int_equal(quantity_of(parsed(table[i].json), &whole), table[i].read);
        assert_true(whole == table[i].whole);
    }
    int64_t whole;
    assert_false(quantity_of((struct json){0}, &whole));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_kubernetes_does),
        cmocka_unit_test(what_the_recorder_would_take_for_ever),
        cmocka_unit_test(values_of_an_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
