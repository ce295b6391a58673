/* SPDX-License-Identifier: Apache-2.0 */
/* The record in a Lease: as client-go writes it, as others may leave it, and for how long it binds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/clock.h"
#include "lead/lead.h"
#include "lead/lease.h"

#define NOON (INT64_C(1772366400) * CLOCK_SECOND)
#define GIVEN (15 * CLOCK_SECOND)

static struct lease_record read_text(const char *text)
{
    struct lease_record record;
    struct json root;
    assert_int_equal(json_parse(str_of(text), "a Lease", &root, NULL), 0);
    lease_read(root, &record);
    return record;
}

static void reads_what_client_go_writes(void **state)
{
    (void)state;
    struct lease_record r =
        read_text("{\"spec\":{\"holderIdentity\":\"host_0b\",\"leaseDurationSeconds\":15,\"leaseTransitions\":7,"
                  "\"acquireTime\":\"2026-03-01T12:00:00.000001Z\",\"renewTime\":\"2026-03-01T12:00:02.500000Z\"}}");
    assert_string_equal(r.holder, "host_0b");
    assert_int_equal(r.seconds, 15);
    assert_int_equal(r.acquired, NOON + 1);
    assert_int_equal(r.renewed, NOON + 2500000);
    assert_int_equal(r.transitions, 7);
}

static void makes_the_best_of_what_others_leave(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"spec\":null}",
        "{\"spec\":{}}",
        "{\"spec\":{\"holderIdentity\":null,\"renewTime\":\"noon\"}}",
        "{\"spec\":{\"leaseDurationSeconds\":-3,\"leaseTransitions\":-1,\"acquireTime\":7,\"holderIdentity\":[]}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lease_record r = read_text(texts[i]);
        assert_string_equal(r.holder, "");
        assert_int_equal(r.seconds + r.acquired + r.renewed + r.transitions, 0);
    }
    assert_string_equal(read_text("{\"spec\":{\"holderIdentity\":\"a\\u001b[2Jb\"}}").holder,
                        "(a name that cannot be shown)");
    assert_int_equal(read_text("{\"spec\":{\"leaseDurationSeconds\":1e18}}").seconds, LEASE_SECONDS_MAX);
    char text[2000];
    snprintf(text, sizeof text, "{\"spec\":{\"holderIdentity\":\"%01000d\"}}", 7);
    assert_int_equal(strlen(read_text(text).holder), LEASE_HOLDER_MAX - 1);
}

static void keeps_what_it_does_not_know(void **state)
{
    (void)state;
    static const char before[] = "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"12\",\"labels\":{\"x\":\"1\"}},"
                                 "\"spec\":{\"strategy\":\"OldestEmulationVersion\",\"leaseTransitions\":3}}";
    struct lease_record r = {.seconds = 1, .acquired = NOON, .renewed = NOON, .transitions = 3};
    struct lease_note notes[] = {{"mpijobd.io/journal-head", "12:ab"}, {0}};
    struct json root;
    struct error err;
    assert_int_equal(json_parse(str_of(before), "a Lease", &root, &err), 0);
    for (long n = 1, failed = 1; failed; n++) {
        struct buf out = BUF_INIT;
        alloc_fail_at(n);
        int rc = lease_write(root, "ops", "a", &r, notes, &out, &err);
        failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (!failed)
            assert_string_equal(
                out.ptr,
                "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"12\",\"labels\":{\"x\":\"1\"},"
                "\"annotations\":{\"mpijobd.io/journal-head\":\"12:ab\"}},"
                "\"spec\":{\"strategy\":\"OldestEmulationVersion\",\"leaseTransitions\":3,"
                "\"holderIdentity\":\"\",\"leaseDurationSeconds\":1,"
                "\"acquireTime\":\"2026-03-01T12:00:00.000000Z\",\"renewTime\":\"2026-03-01T12:00:00.000000Z\"}}");
        buf_free(&out);
    }
}

static void is_free_when_it_was_seen_unchanged_for_as_long_as_it_says(void **state)
{
    (void)state;
    struct lease_seen seen = {0};
    struct lease_record r = {.holder = "a", .seconds = 30, .acquired = NOON, .renewed = NOON};
    assert_int_equal(lease_free_at(&seen, GIVEN), 0); /* nobody has it, as far as is known */
    assert_true(lease_see(&seen, &r, 100));
    assert_false(lease_see(&seen, &r, 200));
    assert_int_equal(lease_free_at(&seen, GIVEN), 100 + 30 * CLOCK_SECOND);
    r.renewed++; /* whatever its clock says */
    assert_true(lease_see(&seen, &r, 300));
    r.renewed -= 3600 * CLOCK_SECOND;
    assert_true(lease_see(&seen, &r, 400));
    assert_int_equal(lease_free_at(&seen, GIVEN), 400 + 30 * CLOCK_SECOND);
    assert_true(lease_see(&seen, NULL, 500)); /* deleted: its holder may not know yet */
    assert_false(lease_see(&seen, NULL, 600));
    assert_int_equal(lease_free_at(&seen, GIVEN), 400 + 30 * CLOCK_SECOND);
    r.seconds = 0;
    assert_true(lease_see(&seen, &r, 700));
    assert_int_equal(lease_free_at(&seen, GIVEN), 700 + GIVEN);
    *r.holder = '\0';
    assert_true(lease_see(&seen, &r, 800));
    assert_int_equal(lease_free_at(&seen, GIVEN), 0);
}

static void times_have_to_go_together(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(lead_times(LEAD_LEASE_US, LEAD_RENEW_US, LEAD_RETRY_US, &err), 0);
    assert_int_equal(lead_times(10 * CLOCK_SECOND, 10 * CLOCK_SECOND, CLOCK_SECOND, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "longer than renew_deadline"));
    assert_int_equal(lead_times(15 * CLOCK_SECOND, 6 * CLOCK_SECOND, 5 * CLOCK_SECOND, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "longer than retry_period"));
    assert_int_equal(lead_times(15 * CLOCK_SECOND + 1, 10 * CLOCK_SECOND, CLOCK_SECOND, &err), ERR_INVALID);
    assert_non_null(strstr(err.message, "whole seconds"));
    assert_int_equal(lead_times(0, 0, 0, &err), ERR_INVALID);
    assert_int_equal(lead_times(15 * CLOCK_SECOND, 10 * CLOCK_SECOND, 0, &err), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_client_go_writes),
        cmocka_unit_test(makes_the_best_of_what_others_leave),
        cmocka_unit_test(keeps_what_it_does_not_know),
        cmocka_unit_test(is_free_when_it_was_seen_unchanged_for_as_long_as_it_says),
        cmocka_unit_test(times_have_to_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
