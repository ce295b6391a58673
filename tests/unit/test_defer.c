/* SPDX-License-Identifier: Apache-2.0 */
/* Calls for later in this turn of the loop or its next one: order, cancelling, adding again, closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/defer.h"

static uv_loop_t loop;
static struct defer_queue queue;
static char told[64]; /* a letter for each call */
static bool is_closed;

static void tell(char c)
{
    size_t n = strlen(told);
    assert_true(n + 1 < sizeof told);
    told[n] = c;
    told[n + 1] = '\0';
}

struct item {
    struct defer defer;
    char name;
    struct item *add, *cancel; /* what its call does */
    bool close;
};

static void queue_closed(void *data)
{
    assert_ptr_equal(data, &queue);
    is_closed = true;
}

static void called(struct defer *defer)
{
    struct item *item = defer->data;
    assert_ptr_equal(defer, &item->defer);
    assert_false(defer_waits(defer));
    tell(item->name);
    if (item->cancel)
        defer_cancel(&item->cancel->defer);
    if (item->add)
        defer_call(&queue, &item->add->defer);
    if (item->close)
        defer_queue_close(&queue, queue_closed, &queue);
}

static void name_items(struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        items[i] = (struct item){.defer = {.call = called, .data = &items[i]}, .name = (char)('a' + i)};
}

static void add(struct item *item)
{
    defer_call(&queue, &item->defer);
    assert_true(defer_waits(&item->defer));
}

static int setup(void **state)
{
    (void)state;
    told[0] = '\0';
    is_closed = false;
    assert_int_equal(uv_loop_init(&loop), 0);
    defer_queue_open(&loop, &queue);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (!uv_is_closing((uv_handle_t *)&queue.idle))
        defer_queue_close(&queue, queue_closed, &queue);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(is_closed);
    return uv_loop_close(&loop);
}

static void one_turn(void)
{
    uv_run(&loop, UV_RUN_NOWAIT);
}

/* --- */

static void in_order_and_not_within_the_caller(void **state)
{
    (void)state;
    struct item items[3];
    name_items(items, 3);
    for (size_t i = 0; i < 3; i++)
        add(&items[i]);
    add(&items[0]); /* it waits already: it keeps its place */
    assert_string_equal(told, "");
    one_turn();
    assert_string_equal(told, "abc");
    add(&items[1]); /* once for each time it is added */
    one_turn();
    one_turn();
    assert_string_equal(told, "abcb");
}

static void the_loop_sleeps_when_nothing_waits(void **state)
{
    (void)state;
    struct item items[2];
    name_items(items, 2);
    assert_int_equal(uv_loop_alive(&loop), 0);
    add(&items[0]);
    add(&items[1]);
    assert_int_not_equal(uv_loop_alive(&loop), 0);
    assert_int_equal(uv_backend_timeout(&loop), 0);
    defer_cancel(&items[0].defer);
    defer_cancel(&items[0].defer);
    assert_int_not_equal(uv_loop_alive(&loop), 0);
    defer_cancel(&items[1].defer);
    assert_int_equal(uv_loop_alive(&loop), 0);
    add(&items[0]);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* ends by itself */
    assert_string_equal(told, "a");
    assert_int_equal(uv_loop_alive(&loop), 0);
}

static void a_call_may_cancel_others(void **state)
{
    (void)state;
    struct item items[4];
    name_items(items, 4);
    items[1].cancel = &items[2]; /* yet to come */
    items[3].cancel = &items[0]; /* past */
    for (size_t i = 0; i < 4; i++)
        add(&items[i]);
    one_turn();
    assert_string_equal(told, "abd");
    items[0].cancel = &items[1]; /* the last one that waits */
    add(&items[0]);
    add(&items[1]);
    one_turn();
    assert_string_equal(told, "abda");
    assert_int_equal(uv_loop_alive(&loop), 0);
}

static void what_a_call_adds_waits_for_the_next_turn(void **state)
{
    (void)state;
    struct item items[3];
    name_items(items, 3);
    items[0].add = &items[0]; /* itself */
    items[1].add = &items[2];
    add(&items[0]);
    add(&items[1]);
    one_turn();
    assert_string_equal(told, "ab");
    one_turn();
    assert_string_equal(told, "abac");
    items[0].add = NULL;
    one_turn();
    one_turn();
    assert_string_equal(told, "abaca");
}

static void a_call_may_move_one_that_waits_behind(void **state)
{
    (void)state;
    struct item items[3];
    name_items(items, 3);
    items[0].cancel = items[0].add = &items[1];
    for (size_t i = 0; i < 3; i++)
        add(&items[i]);
    one_turn();
    assert_string_equal(told, "ac");
    one_turn();
    assert_string_equal(told, "acb");
}

/* --- the rest of the loop --- */

static void was_read(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    tell('!');
    uv_poll_stop(poll);
}

static void rang(uv_timer_t *timer)
{
    (void)timer;
    tell('t');
}

static void sockets_and_timers_have_their_turn(void **state)
{
    (void)state;
    int ends[2];
    uv_poll_t poll;
    uv_timer_t timer;
    struct item item;
    assert_int_equal(pipe(ends), 0);
    uv_poll_init(&loop, &poll, ends[0]);
    uv_timer_init(&loop, &timer);
    name_items(&item, 1);
    item.add = &item;
    add(&item);
    assert_int_equal(write(ends[1], "x", 1), 1);
    uv_poll_start(&poll, UV_READABLE, was_read);
    for (int i = 0; i < 3; i++)
        one_turn();
    assert_string_equal(told, "a!aa");
    uv_timer_start(&timer, rang, 0, 0);
    one_turn();
    assert_string_equal(told, "a!aata");
    defer_cancel(&item.defer);
    uv_close((uv_handle_t *)&poll, NULL);
    uv_close((uv_handle_t *)&timer, NULL);
    one_turn();
    close(ends[0]);
    close(ends[1]);
}

static struct item *from_elsewhere;

static void add_from_timer(uv_timer_t *timer)
{
    (void)timer;
    tell('t');
    add(from_elsewhere);
}

static void add_from_prepare(uv_prepare_t *prepare)
{
    tell('p');
    add(from_elsewhere);
    uv_prepare_stop(prepare);
}

static void add_from_check(uv_check_t *check)
{
    tell('c');
    add(from_elsewhere);
    uv_check_stop(check);
}

static void add_from_close(uv_handle_t *handle)
{
    (void)handle;
    tell('x');
    add(from_elsewhere);
}

/* Whoever adds it: it is called before the loop waits, in this turn or the next. */
static void from_anywhere_on_the_loop(void **state)
{
    (void)state;
    uv_timer_t timer, far;
    uv_prepare_t prepare;
    uv_check_t check;
    struct item item;
    name_items(&item, 1);
    from_elsewhere = &item;
    uv_timer_init(&loop, &timer);
    uv_timer_init(&loop, &far);
    uv_prepare_init(&loop, &prepare);
    uv_check_init(&loop, &check);
    uv_timer_start(&far, rang, 3600000, 0); /* the loop would wait an hour */
    uv_timer_start(&timer, add_from_timer, 0, 0);
    one_turn();
    assert_string_equal(told, "ta");
    uv_prepare_start(&prepare, add_from_prepare);
    while (strlen(told) < 4)
        uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(told, "tapa");
    uv_check_start(&check, add_from_check);
    one_turn();
    while (strlen(told) < 6)
        uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(told, "tapaca");
    uv_close((uv_handle_t *)&timer, add_from_close);
    while (strlen(told) < 8)
        uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(told, "tapacaxa");
    uv_close((uv_handle_t *)&far, NULL);
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_close((uv_handle_t *)&check, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
}

/* --- memory and the end --- */

static void free_owner(struct defer *defer)
{
    tell('f');
    free(defer->data);
}

static void an_item_may_go_with_its_call(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct item *item = calloc(1, sizeof *item);
        assert_non_null(item);
        item->defer = (struct defer){.call = free_owner, .data = item};
        add(item);
    }
    one_turn();
    assert_string_equal(told, "ff");
    struct item *item = calloc(1, sizeof *item);
    assert_non_null(item);
    item->defer = (struct defer){.call = free_owner, .data = item};
    add(item);
    defer_cancel(&item->defer);
    free(item);
    one_turn();
    assert_string_equal(told, "ff");
}

static void closing_cancels_what_waits(void **state)
{
    (void)state;
    struct item items[2];
    name_items(items, 2);
    add(&items[0]);
    add(&items[1]);
    defer_queue_close(&queue, queue_closed, &queue);
    assert_false(is_closed);
    assert_false(defer_waits(&items[0].defer) || defer_waits(&items[1].defer));
    defer_call(&queue, &items[0].defer); /* too late: nothing */
    assert_false(defer_waits(&items[0].defer));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(is_closed);
    assert_string_equal(told, "");
}

static void a_call_may_close_the_queue(void **state)
{
    (void)state;
    struct item items[3];
    name_items(items, 3);
    items[1].close = true;
    for (size_t i = 0; i < 3; i++)
        add(&items[i]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(is_closed);
    assert_string_equal(told, "ab");
}

static void many_items_agree_with_a_model(void **state)
{
    (void)state;
    enum { COUNT = 500, TURNS = 200 };
    static struct item items[COUNT];
    static unsigned order[COUNT]; /* when it was added; 0: it does not wait */
    uint32_t random = 3;
    unsigned orders = 0;
    name_items(items, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        items[i].defer.call = NULL; /* it is only looked at */
    for (int turn = 0; turn < TURNS; turn++) {
        for (int k = 0; k < 300; k++) {
            random = random * 1664525 + 1013904223;
            size_t i = (random >> 8) % COUNT;
            if (random >> 30) {
                order[i] = order[i] ? order[i] : ++orders;
                add(&items[i]);
            } else {
                order[i] = 0;
                defer_cancel(&items[i].defer);
            }
        }
        unsigned last = 0, count = 0, waiting = 0;
        for (const struct defer *d = queue.items; d; d = d->next, count++) {
            size_t i = (size_t)((struct item *)d->data - items);
            assert_true(order[i] > last);
            last = order[i];
        }
        for (size_t i = 0; i < COUNT; i++)
            waiting += order[i] != 0;
        assert_int_equal(count, waiting);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(in_order_and_not_within_the_caller),
        TEST(the_loop_sleeps_when_nothing_waits),
        TEST(a_call_may_cancel_others),
        TEST(what_a_call_adds_waits_for_the_next_turn),
        TEST(a_call_may_move_one_that_waits_behind),
        TEST(sockets_and_timers_have_their_turn),
        TEST(from_anywhere_on_the_loop),
        TEST(an_item_may_go_with_its_call),
        TEST(closing_cancels_what_waits),
        TEST(a_call_may_close_the_queue),
        TEST(many_items_agree_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
