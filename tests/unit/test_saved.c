/* SPDX-License-Identifier: Apache-2.0 */
/* GPU-hours that were given back: which rows of a journal count, from when, until when, and for whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/clock.h"
#include "saved/saved.h"

#define HOUR (3600 * CLOCK_SECOND)
#define NOW (1000 * HOUR)

static const struct saved_price prices[] = {{NULL, 2}, {"far", 10}};

static struct saved_options options(void)
{
    return (struct saved_options){.since = NOW - 100 * HOUR,
                                  .now = NOW,
                                  .at_most = 24 * HOUR,
                                  .by = SAVED_BY_LABEL,
                                  .label = "team",
                                  .prices = prices,
                                  .price_count = 2};
}

static struct store_change change(const char *uid, int64_t ended_at)
{
    return (struct store_change){.policy = "free",
                                 .cluster = "near",
                                 .name_space = "train",
                                 .uid = uid,
                                 .outcome = "done",
                                 .effect = "effective",
                                 .diff = "[{\"path\":\"/spec/cleanPodPolicy\",\"after\":\"All\"}]",
                                 .ended_at = ended_at,
                                 .traceparent = "00-",
                                 .frees = "{\"gpus\":4,\"labels\":{\"team\":\"vi\\u0073ion\"}}"};
}

static struct saved *sum(const struct saved_options *o, const struct store_change *changes, size_t count)
{
    struct error err;
    struct saved *s = saved_new(o);
    assert_non_null(s);
    for (size_t i = 0; i < count; i++)
        assert_true(saved_add(s, &changes[i]));
    assert_int_equal(saved_sum(s, &err), 0);
    return s;
}

static void near(double a, double b)
{
    if (a < b - 1e-9 || a > b + 1e-9)
        fail_msg("%g is not %g", a, b);
}

static void hours_go_from_the_pods_end_to_what_comes_first(void **state)
{
    (void)state;
    struct saved_options o = options();
    struct store_change all[] = {change("now", NOW - 2 * HOUR),           change("most", NOW - 50 * HOUR),
                                 change("itself", NOW - 20 * HOUR),       change("before", NOW - 110 * HOUR),
                                 change("long-before", NOW - 130 * HOUR), change("ended", NOW - 5 * HOUR),
                                 change("seen", NOW - 9 * HOUR)};
    char itself[96], ended[96];
    snprintf(itself, sizeof itself, "{\"gpus\":1,\"ends_by_itself\":%lld}", (long long)(NOW - 17 * HOUR));
    snprintf(ended, sizeof ended, "{\"gpus\":1,\"ends_by_itself\":%lld}", (long long)(NOW - 6 * HOUR));
    all[2].frees = itself;
    all[5].frees = ended;
    all[6].observed = "seen";
    all[6].observed_at = NOW - 8 * HOUR;
    struct saved *s = sum(&o, all, sizeof all / sizeof *all);
    const struct saved_row *total = saved_total(s);
    /* 2, 24 and 8 hours of four; 3 of one; of the one before the window 14 of its 24; the next two none. */
    near(total->hours, 4 * (2 + 24 + 14 + 8) + 3);
    near(total->worth, 2 * total->hours);
    assert_int_equal(total->jobs, 5);
    assert_int_equal(total->seen, 1);
    assert_int_equal(total->gpus, 4 * 4 + 1);
    assert_int_equal(saved_cut(s), 2);
    assert_int_equal(saved_count(s), 2);
    assert_string_equal(saved_at(s, 0)->group, "vision");
    assert_null(saved_at(s, 1)->group);
    saved_free(s);
}

static void a_job_counts_once_and_only_what_came(void **state)
{
    (void)state;
    struct saved_options o = options();
    struct store_change all[] = {change("a", NOW - 2 * HOUR), change("a", NOW - 3 * HOUR), change("a", NOW - HOUR),
                                 change("b", NOW - HOUR),     change("c", NOW - HOUR),     change("d", NOW - HOUR),
                                 change("e", NOW - HOUR),     change("f", NOW - HOUR),     change("", NOW - HOUR)};
    all[3].outcome = "failed";
    all[4].observed = "not-seen";
    all[4].observed_at = NOW;
    all[5].frees = all[5].traceparent = NULL; /* of an earlier version */
    all[6].frees = NULL;                      /* it frees nothing */
    all[7].frees = "{\"gpus\":4,";
    struct saved *s = sum(&o, all, sizeof all / sizeof *all);
    near(saved_total(s)->hours, 4 * 3);
    assert_int_equal(saved_total(s)->jobs, 1);
    assert_int_equal(saved_not_seen(s), 1);
    assert_int_equal(saved_untold(s), 1);
    saved_free(s);
}

static void rows_are_by_policy_and_by_what_is_asked(void **state)
{
    (void)state;
    struct error err;
    struct saved_options o = options();
    struct store_change all[] = {change("a", NOW - HOUR), change("b", NOW - 2 * HOUR), change("c", NOW - 3 * HOUR)};
    all[1].cluster = "far";
    all[2].policy = "";
    assert_int_equal(saved_by_parse("cluster", &o, &err), 0);
    struct saved *s = sum(&o, all, 3);
    assert_int_equal(saved_count(s), 3);
    assert_string_equal(saved_at(s, 0)->policy, STORE_BY_HAND);
    assert_string_equal(saved_at(s, 1)->group, "far");
    near(saved_at(s, 1)->worth, 80);
    saved_free(s);
    assert_int_equal(saved_by_parse(NULL, &o, &err), 0);
    s = sum(&o, all, 3);
    assert_int_equal(saved_count(s), 2);
    assert_null(saved_at(s, 0)->group);
    saved_free(s);
    assert_int_equal(saved_by_parse("label:", &o, &err), ERR_INVALID);
    assert_int_equal(saved_by_parse("kind", &o, &err), ERR_INVALID);
}

static void without_memory(void **state)
{
    (void)state;
    struct saved_options o = options();
    for (long n = 1;; n++) {
        struct error err;
        struct store_change one = change("a", NOW - HOUR), again = change("a", NOW - 2 * HOUR);
        alloc_fail_at(n);
        struct saved *s = saved_new(&o);
        if (s) {
            saved_add(s, &one);
            saved_add(s, &again);
        }
        int rc = s ? saved_sum(s, &err) : ERR_NOMEM;
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        saved_free(s);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_go_from_the_pods_end_to_what_comes_first),
        cmocka_unit_test(a_job_counts_once_and_only_what_came),
        cmocka_unit_test(rows_are_by_policy_and_by_what_is_asked),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
