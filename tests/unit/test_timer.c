/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines and alarms, also when the clock steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "alloc.h"
#include "base/error.h"
#include "loop/timer.h"

static uv_loop_t loop;

static int open_loop(void **state)
{
    (void)state;
    return uv_loop_init(&loop);
}

static int close_loop(void **state)
{
    (void)state;
    return uv_loop_close(&loop);
}

/* --- deadlines --- */

static void count_ring(struct deadline *d)
{
    ++*(int *)d->data;
}

static void count_closed(struct deadline *d)
{
    *(int *)d->data += 100;
}

static void deadline_rings_once_for_each_set(void **state)
{
    (void)state;
    int rings = 0;
    struct deadline d;
    deadline_init(&loop, &d, count_ring, &rings);
    deadline_set(&d, 100000);
    deadline_set(&d, 1); /* replaces the first */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(rings, 1);
    deadline_set(&d, 0);
    deadline_stop(&d);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(rings, 1);
    deadline_close(&d, count_closed);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(rings, 101);
}

static void note_time(struct deadline *d)
{
    *(int64_t *)d->data = clock_monotonic();
}

/* libuv's idea of "now" is as old as the turn of the loop: here it is 20 ms old. */
static void deadline_counts_from_now(void **state)
{
    (void)state;
    int64_t rang = 0;
    struct deadline d;
    deadline_init(&loop, &d, note_time, &rang);
    uv_update_time(&loop);
    int64_t start = clock_monotonic();
    while (clock_monotonic() < start + 20000) {
    }
    int64_t set = clock_monotonic();
    deadline_set(&d, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(rang - set >= 9000); /* libuv's clock has whole milliseconds */
    deadline_close(&d, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
}

/* --- alarms --- */

struct bell {
    struct alarm alarm;
    int id;
    struct house *house;
    int64_t again; /* set again for this instant when it rings, 0: not */
    struct bell *stops;
};

struct house {
    struct clock clock;
    struct alarms *alarms;
    int rung[64];
    size_t count;
};

static void on_ring(struct alarm *alarm, int64_t now)
{
    struct bell *bell = alarm->data;
    struct house *house = bell->house;
    assert_true(now >= alarm->due);
    assert_int_equal(alarm->slot, 0);
    house->rung[house->count++] = bell->id;
    if (bell->again) {
        int64_t due = bell->again;
        bell->again = 0;
        assert_int_equal(alarm_set(house->alarms, alarm, due), 0);
    }
    if (bell->stops)
        alarm_stop(house->alarms, &bell->stops->alarm);
}

static void build(struct house *house, int64_t now)
{
    *house = (struct house){.clock = {.manual = true, .manual_us = now}};
    house->alarms = alarms_new(&loop, &house->clock);
    assert_non_null(house->alarms);
}

static void hang(struct house *house, struct bell *bell, int id)
{
    *bell = (struct bell){.alarm = {.ring = on_ring, .data = bell}, .id = id, .house = house};
}

static void tear_down(struct house *house)
{
    alarms_free(house->alarms);
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void assert_rung(const struct house *house, size_t n, const int *ids)
{
    assert_int_equal(house->count, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(house->rung[i], ids[i]);
}

static void move(struct house *house, int64_t to)
{
    house->clock.manual_us = to;
    alarms_clock_moved(house->alarms);
}

static void manual_clock_rings_in_order_when_moved(void **state)
{
    (void)state;
    struct house house;
    struct bell bells[5];
    build(&house, 1000);
    const int64_t due[5] = {5000, 3000, 9000, 3000, 4000};
    for (int i = 0; i < 5; i++) {
        hang(&house, &bells[i], i);
        assert_int_equal(alarm_set(house.alarms, &bells[i].alarm, due[i]), 0);
    }
    alarm_stop(house.alarms, &bells[4].alarm);
    alarm_stop(house.alarms, &bells[4].alarm); /* twice does no harm */
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(house.count, 0);
    move(&house, 2999);
    assert_int_equal(house.count, 0);
    move(&house, 5000);
    assert_rung(&house, 3, (const int[]){1, 3, 0});
    move(&house, 8999);
    assert_int_equal(house.count, 3);
    assert_int_not_equal(bells[2].alarm.slot, 0);
    tear_down(&house); /* with one still set */
    assert_int_equal(bells[2].alarm.slot, 0);
    assert_int_equal(house.count, 3);
}

static void a_past_instant_rings_soon_but_not_within_the_call(void **state)
{
    (void)state;
    struct house house;
    struct bell bell;
    build(&house, 1000);
    hang(&house, &bell, 7);
    assert_int_equal(alarm_set(house.alarms, &bell.alarm, -5), 0);
    assert_int_equal(house.count, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_rung(&house, 1, (const int[]){7});
    assert_int_equal(bell.alarm.slot, 0);
    assert_int_equal(uv_loop_alive(&loop), 0);
    tear_down(&house);
}

static void an_alarm_can_be_moved(void **state)
{
    (void)state;
    struct house house;
    struct bell a, b;
    build(&house, 0);
    hang(&house, &a, 1);
    hang(&house, &b, 2);
    assert_int_equal(alarm_set(house.alarms, &a.alarm, 100), 0);
    assert_int_equal(alarm_set(house.alarms, &b.alarm, 200), 0);
    assert_int_equal(alarm_set(house.alarms, &a.alarm, 300), 0);
    move(&house, 250);
    assert_rung(&house, 1, (const int[]){2});
    move(&house, 300);
    assert_rung(&house, 2, (const int[]){2, 1});
    tear_down(&house);
}

static void a_ring_may_set_and_stop_alarms(void **state)
{
    (void)state;
    struct house house;
    struct bell a, b, c;
    build(&house, 0);
    hang(&house, &a, 1);
    hang(&house, &b, 2);
    hang(&house, &c, 3);
    a.again = 150; /* later than what rings, and due: in the same pass */
    a.stops = &b;
    assert_int_equal(alarm_set(house.alarms, &a.alarm, 100), 0);
    assert_int_equal(alarm_set(house.alarms, &b.alarm, 120), 0);
    assert_int_equal(alarm_set(house.alarms, &c.alarm, 200), 0);
    move(&house, 1000);
    assert_rung(&house, 3, (const int[]){1, 1, 3});
    tear_down(&house);
}

/* An owner that goes on setting an instant of the past must not hold the loop, nor hide the others that are due. */
static void a_ring_for_the_past_waits_a_turn(void **state)
{
    (void)state;
    struct house house;
    struct bell a, b;
    build(&house, 0);
    hang(&house, &a, 1);
    hang(&house, &b, 2);
    a.again = 50;
    assert_int_equal(alarm_set(house.alarms, &a.alarm, 100), 0);
    assert_int_equal(alarm_set(house.alarms, &b.alarm, 200), 0);
    move(&house, 1000);
    assert_rung(&house, 2, (const int[]){1, 2});
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_rung(&house, 3, (const int[]){1, 2, 1});
    tear_down(&house);
}

static void the_wall_clock_is_never_early(void **state)
{
    (void)state;
    struct house house;
    struct bell bells[3];
    build(&house, 0);
    house.clock.manual = false;
    int64_t now = clock_now(NULL);
    for (int i = 0; i < 3; i++) {
        hang(&house, &bells[i], i);
        assert_int_equal(alarm_set(house.alarms, &bells[i].alarm, now + (3 - i) * 2500),
                         0); /* on_ring checks the time */
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_rung(&house, 3, (const int[]){2, 1, 0});
    tear_down(&house);
}

/* A step of the wall clock, as after a suspend: what is far away by the monotonic clock is due at the next look. */
static void a_step_of_the_clock_is_seen(void **state)
{
    (void)state;
    struct house house;
    struct bell bell;
    build(&house, 0);
    house.clock.manual = false;
    hang(&house, &bell, 1);
    assert_int_equal(alarm_set(house.alarms, &bell.alarm, clock_now(NULL) + 3600 * CLOCK_SECOND), 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(uv_backend_timeout(&loop) <= ALARM_RECHECK_MS);
    assert_true(uv_backend_timeout(&loop) > 0);
    assert_int_equal(house.count, 0);
    house.clock = (struct clock){.manual = true, .manual_us = clock_now(NULL) + 7200 * CLOCK_SECOND};
    uv_run(&loop, UV_RUN_ONCE);
    assert_rung(&house, 1, (const int[]){1});
    tear_down(&house);
}

/* Against the plainest model there is: a list that is searched. */
static void many_alarms_agree_with_a_model(void **state)
{
    (void)state;
    enum { N = 200 };
    struct house house;
    static struct bell bells[N];
    bool set[N] = {false};
    build(&house, 0);
    srand(7);
    for (int i = 0; i < N; i++)
        hang(&house, &bells[i], i);
    for (int step = 0; step < 5000; step++) {
        int i = rand() % N;
        if (rand() % 3) {
            assert_int_equal(alarm_set(house.alarms, &bells[i].alarm, house.clock.manual_us + 1 + rand() % 1000), 0);
            set[i] = true;
        } else {
            alarm_stop(house.alarms, &bells[i].alarm);
            set[i] = false;
        }
        if (step % 10 == 0) {
            house.count = 0;
            move(&house, house.clock.manual_us + rand() % 20);
            for (size_t k = 0; k < house.count; k++) {
                assert_true(set[house.rung[k]]);
                assert_true(k == 0 || bells[house.rung[k - 1]].alarm.due <= bells[house.rung[k]].alarm.due);
                set[house.rung[k]] = false;
            }
            for (int k = 0; k < N; k++)
                assert_true(!set[k] || bells[k].alarm.due > house.clock.manual_us);
        }
    }
    tear_down(&house);
}

static void alarms_survive_failing_allocations(void **state)
{
    (void)state;
    alloc_fail_at(1);
    assert_null(alarms_new(&loop, NULL));
    struct house house;
    static struct bell bells[40];
    alloc_fail_at(0);
    build(&house, 0);
    int refused = 0;
    for (int i = 0; i < 40; i++) {
        hang(&house, &bells[i], i);
        alloc_fail_at(1);
        if (alarm_set(house.alarms, &bells[i].alarm, 100 - i)) {
            refused++;
            assert_int_equal(bells[i].alarm.slot, 0);
            alloc_fail_at(0);
            assert_int_equal(alarm_set(house.alarms, &bells[i].alarm, 100 - i), 0);
        }
    }
    alloc_fail_at(0);
    assert_int_equal(refused, 3);
    move(&house, 100);
    assert_int_equal(house.count, 40);
    assert_int_equal(house.rung[0], 39);
    tear_down(&house);
}

int main(void)
{
#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, open_loop, close_loop)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(deadline_rings_once_for_each_set),
        LOOP_TEST(deadline_counts_from_now),
        LOOP_TEST(manual_clock_rings_in_order_when_moved),
        LOOP_TEST(a_past_instant_rings_soon_but_not_within_the_call),
        LOOP_TEST(an_alarm_can_be_moved),
        LOOP_TEST(a_ring_may_set_and_stop_alarms),
        LOOP_TEST(a_ring_for_the_past_waits_a_turn),
        LOOP_TEST(the_wall_clock_is_never_early),
        LOOP_TEST(a_step_of_the_clock_is_seen),
        LOOP_TEST(many_alarms_agree_with_a_model),
        LOOP_TEST(alarms_survive_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
