/* SPDX-License-Identifier: Apache-2.0 */
/* A rate, on a clock that the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "alloc.h"
#include "limit/rate.h"

#define NOON (INT64_C(1772366400) * CLOCK_SECOND)

struct asker {
    struct rate_wait wait; /* first member */
    struct place *place;
    int64_t went;        /* 0: not yet */
    struct asker *drops; /* leaves when this one goes */
};

struct place {
    uv_loop_t loop;
    struct clock clock;
    struct alarms *alarms;
    struct rate rate;
};

static void go(struct rate_wait *wait)
{
    struct asker *a = (struct asker *)wait;
    assert_null(wait->rate);
    a->went = clock_now(&a->place->clock);
    if (a->drops)
        rate_leave(&a->drops->wait);
}

static void ask(struct place *p, struct asker *a, int64_t gap)
{
    *a = (struct asker){.wait = {.go = go}, .place = p};
    if (rate_take(&p->rate, &a->wait, gap))
        a->went = clock_now(&p->clock);
}

static void move(struct place *p, int64_t to)
{
    p->clock.manual_us = to;
    alarms_clock_moved(p->alarms);
}

static int build(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    uv_loop_init(&p->loop);
    p->clock = (struct clock){.manual = true, .manual_us = NOON};
    p->alarms = alarms_new(&p->loop, &p->clock);
    assert_non_null(p->alarms);
    rate_init(&p->rate, p->alarms, &p->clock);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    alarms_free(p->alarms);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&p->loop);
    free(p);
    return rc;
}

static void goes_in_order_with_a_gap(void **state)
{
    struct place *p = *state;
    struct asker a[4];
    for (int i = 0; i < 4; i++)
        ask(p, &a[i], CLOCK_SECOND);
    assert_int_equal(a[0].went, NOON);
    assert_int_equal(a[1].went, 0);
    move(p, NOON + CLOCK_SECOND - 1);
    assert_int_equal(a[1].went, 0);
    for (int i = 1; i < 4; i++) {
        move(p, NOON + i * CLOCK_SECOND);
        assert_int_equal(a[i].went, NOON + i * CLOCK_SECOND);
    }
    ask(p, &a[0], CLOCK_SECOND); /* nobody waits, and the last one was just now */
    assert_int_equal(a[0].went, 0);
    move(p, NOON + 4 * CLOCK_SECOND);
    assert_int_equal(a[0].went, NOON + 4 * CLOCK_SECOND);
    move(p, NOON + 60 * CLOCK_SECOND);
    ask(p, &a[0], CLOCK_SECOND);
    assert_int_equal(a[0].went, NOON + 60 * CLOCK_SECOND); /* and what was not used is not saved up */
    ask(p, &a[1], CLOCK_SECOND);
    assert_int_equal(a[1].went, 0);
    rate_leave(&a[1].wait);
}

static void a_late_loop_makes_no_burst(void **state)
{
    struct place *p = *state;
    struct asker a[4];
    for (int i = 0; i < 4; i++)
        ask(p, &a[i], CLOCK_SECOND);
    move(p, NOON + 10 * CLOCK_SECOND);
    assert_int_equal(a[1].went, NOON + 10 * CLOCK_SECOND);
    assert_int_equal(a[2].went, 0);
    rate_leave(&a[2].wait);
    move(p, NOON + 11 * CLOCK_SECOND);
    assert_int_equal(a[3].went, NOON + 11 * CLOCK_SECOND);
}

static void who_leaves_costs_nobody_a_turn(void **state)
{
    struct place *p = *state;
    struct asker a[4];
    for (int i = 0; i < 4; i++)
        ask(p, &a[i], CLOCK_SECOND);
    rate_leave(&a[1].wait);
    rate_leave(&a[1].wait); /* twice does no harm */
    a[2].drops = &a[3];
    move(p, NOON + CLOCK_SECOND);
    assert_int_equal(a[2].went, NOON + CLOCK_SECOND);
    move(p, NOON + 9 * CLOCK_SECOND);
    assert_int_equal(a[3].went, 0);
    assert_int_equal(alarms_next(p->alarms), INT64_MAX);
}

static void another_gap_holds_at_once(void **state)
{
    struct place *p = *state;
    struct asker a[3];
    ask(p, &a[0], CLOCK_SECOND);
    ask(p, &a[1], CLOCK_SECOND);
    ask(p, &a[2], 5 * CLOCK_SECOND); /* the policy was loaded again */
    move(p, NOON + CLOCK_SECOND);
    assert_int_equal(a[1].went, 0);
    move(p, NOON + 5 * CLOCK_SECOND);
    assert_int_equal(a[1].went, NOON + 5 * CLOCK_SECOND);
    rate_leave(&a[2].wait);
}

static void a_clock_that_is_set_back_holds_nobody_up(void **state)
{
    struct place *p = *state;
    struct asker a[2];
    ask(p, &a[0], CLOCK_SECOND);
    move(p, NOON - 3600 * CLOCK_SECOND);
    ask(p, &a[1], CLOCK_SECOND);
    move(p, NOON - 3599 * CLOCK_SECOND);
    assert_int_equal(a[1].went, NOON - 3599 * CLOCK_SECOND);
}

static void without_memory_it_goes_too_early(void **state)
{
    struct place *p = *state;
    struct asker a[2];
    ask(p, &a[0], CLOCK_SECOND);
    alloc_fail_at(1);
    ask(p, &a[1], CLOCK_SECOND);
    assert_true(alloc_failed());
    assert_int_equal(a[1].went, NOON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_in_order_with_a_gap, build, tear_down),
        cmocka_unit_test_setup_teardown(a_late_loop_makes_no_burst, build, tear_down),
        cmocka_unit_test_setup_teardown(who_leaves_costs_nobody_a_turn, build, tear_down),
        cmocka_unit_test_setup_teardown(another_gap_holds_at_once, build, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_holds_nobody_up, build, tear_down),
        cmocka_unit_test_setup_teardown(without_memory_it_goes_too_early, build, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
