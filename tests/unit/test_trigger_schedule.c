/* SPDX-License-Identifier: Apache-2.0 */
/* When a policy is due, and at which line of its file a key stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/source/definition_line.h"
#include "trigger/instants.h"

#define S CLOCK_SECOND

static void a_period_counts_from_1970(void **state)
{
    (void)state;
    struct policy p = {.every = 600 * S};
    int64_t due;
    assert_int_equal(policy_next_due(&p, 0, &due, NULL), 0);
    assert_int_equal(due, 600 * S);
    assert_int_equal(policy_next_due(&p, 600 * S - 1, &due, NULL), 0);
    assert_int_equal(due, 600 * S);
    assert_int_equal(policy_next_due(&p, 600 * S, &due, NULL), 0); /* strictly after */
    assert_int_equal(due, 1200 * S);
    assert_int_equal(policy_next_due(&p, -1, &due, NULL), 0);
    assert_int_equal(due, 0);
}

static void the_newest_of_a_period_are_given(void **state)
{
    (void)state;
    struct policy p = {.every = S};
    int64_t out[3];
    assert_int_equal(policy_due_between(&p, 0, 10 * S, out, 3), 10);
    assert_int_equal(out[0], 8 * S);
    assert_int_equal(out[2], 10 * S);
    assert_int_equal(policy_due_between(&p, 9 * S, 10 * S, out, 3), 1);
    assert_int_equal(out[0], 10 * S);
    assert_int_equal(policy_due_between(&p, 10 * S, 10 * S, out, 3), 0);
    assert_int_equal(policy_due_between(&p, 10 * S, 5 * S, out, 3), 0);
    assert_int_equal(policy_due_between(&p, 0, INT64_C(31536000) * S, out, 3), 100000); /* counted up to a bound */
    assert_int_equal(out[2], INT64_C(31536000) * S);
}

static void a_schedule_follows_its_zone(void **state)
{
    (void)state;
    struct policy p = {.has_schedule = true};
    struct error err;
    int64_t due, out[2], before; /* 2026-03-29: in Berlin 02:00 is followed by 03:00, at 01:00Z */
    assert_int_equal(cron_parse("30 2 * * *", &p.cron, &err), 0);
    assert_int_equal(zone_load("Europe/Berlin", NULL, &p.zone, &err), 0);
    assert_true(clock_parse("2026-03-29T00:59:00Z", &before));
    assert_int_equal(policy_next_due(&p, before, &due, &err), 0);
    assert_int_equal(due, before + 60 * S);
    assert_int_equal(policy_due_between(&p, before, before + 3 * 86400 * S, out, 2), 4);
    assert_int_equal(out[1] - out[0], 86400 * S);
    assert_int_equal(policy_due_between(&p, before, before, out, 2), 0);
    zone_free(p.zone);
}

static void a_line_is_found_for_a_key(void **state)
{
    (void)state;
    static const char text[] = "-- every = 1\n"
                               "policy {\n"
                               "  name = 'a', -- match = 2\n"
                               "  match = { older_than == 3,\n"
                               "    older_than = '1h' },\n"
                               "  [\"dry_run\"] = true,\n"
                               "}\n"
                               "policy {\n"
                               "  every = '1h',\n"
                               "}\n";
    size_t n = sizeof text - 1;
    assert_int_equal(definition_line(text, n, 2, "name"), 3);
    assert_int_equal(definition_line(text, n, 2, "match"), 4);
    assert_int_equal(definition_line(text, n, 2, "match.older_than"), 5);
    assert_int_equal(definition_line(text, n, 2, "dry_run"), 6);
    assert_int_equal(definition_line(text, n, 2, "every"), 2); /* the next policy's is not this one's */
    assert_int_equal(definition_line(text, n, 8, "every"), 9);
    assert_int_equal(definition_line(text, n, 2, NULL), 2);
    assert_int_equal(definition_line(NULL, 0, 7, "every"), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_period_counts_from_1970),
        cmocka_unit_test(the_newest_of_a_period_are_given),
        cmocka_unit_test(a_schedule_follows_its_zone),
        cmocka_unit_test(a_line_is_found_for_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
