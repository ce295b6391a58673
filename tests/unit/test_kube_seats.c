/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests a server gets at once, and whose turn it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kube/seats/seats.h"

static const struct seat_for nobody = {NULL, SEAT_ORDINARY};

static void over(struct seats *s, struct seat *seat, enum seat_end end, int64_t took_us, uint64_t now)
{
    struct seat_outcome outcome = {.end = end, .kind = 1, .took_us = took_us, .retry_after_ms = -1};
    seats_over(s, seat, &outcome, now);
}

/* Takes all seats that there are, and answers them 10 ms later, `rounds` times. Returns the time. */
static uint64_t answer_all(struct seats *s, unsigned rounds, int64_t took_us, uint64_t now)
{
    for (unsigned i = 0; i < rounds; i++) {
        struct seat seat[64] = {0};
        unsigned n = 0;
        now++;
        while (n < s->concurrency.limit && seats_take(s, &seat[n], &nobody, false, now))
            n++;
        now += 10;
        for (unsigned k = 0; k < n; k++)
            over(s, &seat[k], SEAT_ANSWERED, took_us, now);
    }
    return now;
}

static void refuse_one(struct seats *s, unsigned under_way, int64_t retry_after_ms, uint64_t now)
{
    struct concurrency_answer a = {.sent_at = now, .under_way = under_way, .retry_after = retry_after_ms};
    concurrency_refused(&s->concurrency, &a, now);
}

/* ---- how many at once ---- */

static void it_doubles_until_the_first_trouble_and_then_rises_by_one(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 64, 100);
    assert_int_equal(s.concurrency.limit, 8);
    uint64_t now = answer_all(&s, 2, 5000, 1000);
    assert_int_equal(s.concurrency.limit, 32);
    refuse_one(&s, 32, 1000, now + 1);
    assert_int_equal(s.concurrency.limit, 16);
    assert_int_equal(s.concurrency.trouble, SERVER_REFUSES);
    answer_all(&s, 3, 5000, now + 1);
    assert_int_equal(s.concurrency.limit, 19);
}

static void what_was_refused_is_tried_again_only_after_a_while_which_doubles(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 64, 100);
    uint64_t now = 5000;
    for (uint64_t hold = 1000; hold <= 16000; hold *= 2) {
        s.concurrency.limit = 8;
        refuse_one(&s, 8, 0, now);
        assert_int_equal(s.concurrency.again_at, now + hold);
        answer_all(&s, 6, 5000, now);
        assert_int_equal(s.concurrency.limit, 7);
        now += hold + 1;
        answer_all(&s, 2, 5000, now);
        assert_int_equal(s.concurrency.limit, 9);
        now += 1000;
    }
}

static void requests_of_one_moment_lower_it_once(void **state)
{
    (void)state;
    struct seats s;
    struct seat seat[8] = {0};
    seats_init(&s, 8, 100);
    for (unsigned i = 0; i < 8; i++)
        assert_true(seats_take(&s, &seat[i], &nobody, false, 100));
    for (unsigned i = 0; i < 8; i++)
        over(&s, &seat[i], i % 2 ? SEAT_REFUSED : SEAT_TIMED_OUT, 0, 110);
    assert_int_equal(s.concurrency.limit, 4);
    assert_int_equal(s.under_way, 0);
    seats_close(&s);
}

static void where_nothing_else_is_under_way_it_waits_as_long_as_it_is_asked_to(void **state)
{
    (void)state;
    struct seats s;
    struct seat a = {0}, b = {0};
    seats_init(&s, 8, 100);
    refuse_one(&s, 2, 5000, 100);
    assert_int_equal(s.concurrency.paused_until, 0);
    refuse_one(&s, 1, 5000, 200);
    assert_false(seats_take(&s, &a, &nobody, false, 300));
    assert_int_equal(seats_pause(&s, 300), 4900);
    assert_null(seats_next(&s, 5199));
    assert_ptr_equal(seats_next(&s, 5200), &a);
    over(&s, &a, SEAT_ANSWERED, 10, 5210);
    assert_int_equal(s.concurrency.refusals, 0);
    assert_true(seats_take(&s, &b, &nobody, false, 5210));
    seats_leave(&s, &b);
}

static void a_server_that_says_no_time_is_left_alone_for_longer_and_longer(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 8, 100);
    uint64_t now = 100;
    static const uint64_t pauses[] = {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        refuse_one(&s, 1, -1, now);
        assert_int_equal(s.concurrency.paused_until, now + pauses[i]);
        now += pauses[i];
    }
}

static void a_server_that_asks_for_a_year_is_asked_again_after_a_minute(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 8, 100);
    refuse_one(&s, 1, INT64_C(31536000000), 100);
    assert_int_equal(s.concurrency.paused_until, 100 + 60000);
    assert_int_equal(s.concurrency.again_at, 100 + 60000);
    refuse_one(&s, 1, INT64_MAX, 70000);
    assert_int_equal(s.concurrency.paused_until, 70000 + 60000);
}

static void answers_that_take_several_times_as_long_as_at_best_lower_it(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 16, 100);
    uint64_t now = answer_all(&s, 4, 50000, 1000);
    assert_int_equal(s.concurrency.limit, 16);
    now = answer_all(&s, 4, 90000, now); /* below the slack nothing is slow */
    assert_int_equal(s.concurrency.limit, 16);
    now = answer_all(&s, 20, 900000, now);
    assert_int_equal(s.concurrency.limit, 4); /* and not less by slowness alone */
    assert_int_equal(s.concurrency.trouble, SERVER_SLOW);
    now = answer_all(&s, 40, 50000, now);
    assert_int_equal(s.concurrency.limit, 16);
    assert_false(concurrency_calm(&s.concurrency, now));
    assert_true(concurrency_calm(&s.concurrency, now + CONCURRENCY_CALM_MS));
    assert_int_equal(s.concurrency.trouble, SERVER_WELL);
}

static void a_server_that_is_slower_for_good_is_taken_as_it_is_after_some_minutes(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 16, 100);
    uint64_t now = answer_all(&s, 4, 50000, 1000);
    now = answer_all(&s, 20, 900000, now);
    assert_int_equal(s.concurrency.limit, 4);
    for (unsigned minute = 0; minute < 16; minute++)
        now = answer_all(&s, 10, 900000, now + 60000);
    assert_int_equal(s.concurrency.limit, 16);
}

static void what_is_not_made_use_of_does_not_rise(void **state)
{
    (void)state;
    struct seats s;
    seats_init(&s, 64, 100);
    for (uint64_t now = 100; now < 200; now++) {
        struct seat seat = {0};
        assert_true(seats_take(&s, &seat, &nobody, false, now));
        over(&s, &seat, SEAT_ANSWERED, 1000, now);
    }
    assert_int_equal(s.concurrency.limit, 8);
}

/* ---- whose turn ---- */

#define MANY 1000

static void one_with_many_does_not_starve_one_with_few(void **state)
{
    (void)state;
    static struct seat greedy[MANY], small[3], held;
    struct seats s;
    seats_init(&s, 1, 100);
    assert_true(seats_take(&s, &held, &nobody, false, 1));
    for (unsigned i = 0; i < MANY; i++)
        assert_false(seats_take(&s, &greedy[i], &(struct seat_for){"greedy", SEAT_ORDINARY}, false, 1));
    for (unsigned i = 0; i < 3; i++)
        assert_false(seats_take(&s, &small[i], &(struct seat_for){"small", SEAT_ORDINARY}, false, 1));
    assert_int_equal(s.waiting, MANY + 3);
    seats_leave(&s, &held);
    for (unsigned i = 0; i < 3; i++) {
        struct seat *first = seats_next(&s, 2);
        assert_ptr_equal(first, &greedy[i]);
        seats_leave(&s, first);
        assert_ptr_equal(seats_next(&s, 2), &small[i]);
        assert_null(seats_next(&s, 2));
        seats_leave(&s, &small[i]);
    }
    for (unsigned i = 0; i < MANY; i++)
        seats_leave(&s, &greedy[i]);
    assert_int_equal(s.waiting, 0);
    assert_int_equal(s.under_way, 0);
}

static void people_go_before_policies_which_go_on_all_the_same(void **state)
{
    (void)state;
    static struct seat policy[20], person[20], held;
    struct seats s;
    char order[21] = "";
    seats_init(&s, 1, 100);
    assert_true(seats_take(&s, &held, &nobody, false, 1));
    for (unsigned i = 0; i < 20; i++) {
        assert_false(seats_take(&s, &policy[i], &(struct seat_for){"p", SEAT_ORDINARY}, false, 1));
        assert_false(seats_take(&s, &person[i], &(struct seat_for){"p", SEAT_PERSON}, false, 1));
    }
    seats_leave(&s, &held);
    for (unsigned i = 0; i < 20; i++) {
        struct seat *seat = seats_next(&s, 2);
        order[i] = seat->rank == SEAT_PERSON ? 'P' : '.';
        seats_leave(&s, seat);
    }
    assert_string_equal(order, "PPP.PPP.PPP.PPP.PPP.");
    for (unsigned i = 0; i < 20; i++) {
        seats_leave(&s, &policy[i]);
        seats_leave(&s, &person[i]);
    }
}

static void what_must_not_wait_does_not_whatever_the_server_says(void **state)
{
    (void)state;
    struct seats s;
    struct seat lease = {0}, other = {0};
    seats_init(&s, 1, 100);
    refuse_one(&s, 1, 60000, 100);
    assert_false(seats_take(&s, &other, &nobody, false, 101));
    assert_true(seats_take(&s, &lease, &(struct seat_for){NULL, SEAT_AHEAD}, false, 102));
    over(&s, &lease, SEAT_ANSWERED, 10, 103);
    assert_int_equal(s.under_way, 0);
    seats_leave(&s, &other);
}

static void a_repeated_request_is_the_first_of_its_policy(void **state)
{
    (void)state;
    struct seats s;
    struct seat held = {0}, first = {0}, again = {0};
    seats_init(&s, 1, 100);
    assert_true(seats_take(&s, &held, &nobody, false, 1));
    assert_false(seats_take(&s, &first, &nobody, false, 1));
    assert_false(seats_take(&s, &again, &nobody, true, 2));
    seats_leave(&s, &held);
    assert_ptr_equal(seats_next(&s, 3), &again);
    seats_leave(&s, &first); /* one that waits, and one that is under way, may leave */
    seats_leave(&s, &again);
    seats_leave(&s, &again);
    assert_int_equal(s.waiting + s.under_way, 0);
}

static void what_hangs_gets_half_of_the_seats_at_most(void **state)
{
    (void)state;
    static struct seat hanging[12], other[4];
    static const struct seat_for hangs = {"hangs", SEAT_ORDINARY}, well = {"well", SEAT_ORDINARY};
    struct seats s;
    seats_init(&s, 8, 100);
    for (unsigned i = 0; i < 8; i++)
        assert_true(seats_take(&s, &hanging[i], &hangs, false, 1));
    assert_false(seats_take(&s, &other[0], &well, false, 2));
    over(&s, &hanging[0], SEAT_TIMED_OUT, 0, 30000);
    s.concurrency.limit = 8;
    assert_ptr_equal(seats_next(&s, 30000), &other[0]);
    over(&s, &other[0], SEAT_ANSWERED, 1000, 30001);
    for (unsigned i = 1; i < 8; i++) /* another was answered meanwhile, so it is no sign of load */
        over(&s, &hanging[i], SEAT_TIMED_OUT, 0, 30002);
    assert_int_equal(s.concurrency.limit, 8);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(seats_take(&s, &hanging[i], &hangs, false, 30003), i < 4);
    assert_null(seats_next(&s, 30004));
    for (unsigned i = 0; i < 4; i++)
        assert_false(seats_take(&s, &other[i], &well, false, 30005));
    for (unsigned i = 0; i < 4; i++)
        assert_ptr_equal(seats_next(&s, 30006), &other[i]);
    for (unsigned i = 0; i < 4; i++)
        over(&s, &other[i], SEAT_ANSWERED, 1000, 30007);
    assert_null(seats_next(&s, 30008));
    assert_ptr_equal(seats_next(&s, 30002 + CONCURRENCY_CALM_MS), &hanging[4]);
    for (unsigned i = 0; i < 12; i++)
        seats_leave(&s, &hanging[i]);
    assert_int_equal(s.waiting + s.under_way, 0);
    seats_close(&s);
    assert_null(s.queues[SEAT_ORDINARY]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_until_the_first_trouble_and_then_rises_by_one),
        cmocka_unit_test(what_was_refused_is_tried_again_only_after_a_while_which_doubles),
        cmocka_unit_test(requests_of_one_moment_lower_it_once),
        cmocka_unit_test(where_nothing_else_is_under_way_it_waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(a_server_that_says_no_time_is_left_alone_for_longer_and_longer),
        cmocka_unit_test(a_server_that_asks_for_a_year_is_asked_again_after_a_minute),
        cmocka_unit_test(answers_that_take_several_times_as_long_as_at_best_lower_it),
        cmocka_unit_test(a_server_that_is_slower_for_good_is_taken_as_it_is_after_some_minutes),
        cmocka_unit_test(what_is_not_made_use_of_does_not_rise),
        cmocka_unit_test(one_with_many_does_not_starve_one_with_few),
        cmocka_unit_test(people_go_before_policies_which_go_on_all_the_same),
        cmocka_unit_test(what_must_not_wait_does_not_whatever_the_server_says),
        cmocka_unit_test(a_repeated_request_is_the_first_of_its_policy),
        cmocka_unit_test(what_hangs_gets_half_of_the_seats_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
