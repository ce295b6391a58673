/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: what W3C Trace Context calls valid is kept, all else is not, and a step keeps the trace and its flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/trace.h"

#define ID "0af7651916cd43dd8448eb211c80319c"
#define STEP "b7ad6b7169203331"

static void a_header_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *header, *text;
    } cases[] = {
        {"00-" ID "-" STEP "-01", "00-" ID "-" STEP "-01"},
        {"00-" ID "-" STEP "-00", "00-" ID "-" STEP "-00"},
        {"cc-" ID "-" STEP "-01", "00-" ID "-" STEP "-01"}, /* a newer version, which may say more */
        {"cc-" ID "-" STEP "-01-what-comes", "00-" ID "-" STEP "-01"},
        {"cc-" ID "-" STEP "-01.what", ""},
        {"00-" ID "-" STEP "-01-more", ""},
        {"ff-" ID "-" STEP "-01", ""},
        {"00-00000000000000000000000000000000-" STEP "-01", ""},
        {"00-" ID "-0000000000000000-01", ""},
        {"00-0AF7651916CD43DD8448EB211C80319C-" STEP "-01", ""},
        {"00-" ID "-" STEP "-0", ""},
        {"00-" ID "-" STEP "-0\n", ""},
        {"00-" ID "_" STEP "-01", ""},
        {"", ""},
        {"00", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace t;
        assert_int_equal(trace_parse(cases[i].header, &t), *cases[i].text != '\0');
        assert_string_equal(t.text, cases[i].text);
    }
}

static void a_step_keeps_the_trace(void **state)
{
    (void)state;
    struct trace t, first, second, none = {""}, again;
    char id[TRACE_AUDIT_SIZE];
    assert_true(trace_parse("00-" ID "-" STEP "-00", &t));
    trace_step(&t, &first);
    trace_step(&t, &second);
    assert_memory_equal(first.text, "00-" ID "-", 36);
    assert_string_equal(first.text + 52, "-00");
    assert_string_not_equal(first.text, second.text);
    assert_string_not_equal(first.text, t.text);
    assert_true(trace_parse(first.text, &again));
    trace_step(&none, &first);
    assert_true(trace_parse(first.text, &again));
    trace_new(&second);
    assert_string_not_equal(first.text, second.text);
    assert_string_equal(trace_audit_id(t.text, id), ID "-" STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_header_is_read), cmocka_unit_test(a_step_keeps_the_trace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
