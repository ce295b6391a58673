/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events: what is kept, what makes room, and that nothing grows without bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "web/event_ring.h"

static void begins_with_the_first(void **state)
{
    struct event_ring ring = {0};
    (void)state;
    assert_int_equal(event_ring_next(&ring), 1);
    event_ring_add(&ring, str_of("a"));
    event_ring_add(&ring, str_of("b"));
    assert_int_equal(ring.first, 1);
    assert_int_equal(event_ring_next(&ring), 3);
    assert_string_equal(event_ring_at(&ring, 1), "a");
    assert_string_equal(event_ring_at(&ring, 2), "b");
    event_ring_free(&ring);
}

static void keeps_so_many(void **state)
{
    struct event_ring ring = {0};
    char text[24];
    (void)state;
    for (int i = 1; i <= 3 * EVENT_RING_MOST; i++) {
        snprintf(text, sizeof text, "%d", i);
        event_ring_add(&ring, str_of(text));
    }
    assert_int_equal(ring.next - ring.first, EVENT_RING_MOST);
    for (uint64_t n = ring.first; n < ring.next; n++)
        assert_int_equal(strtoull(event_ring_at(&ring, n), NULL, 10), n);
    event_ring_free(&ring);
    assert_int_equal(ring.bytes, 0);
}

static void keeps_so_many_bytes(void **state)
{
    struct event_ring ring = {0};
    static char large[EVENT_RING_BYTES / 3];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 10; i++)
        event_ring_add(&ring, str_of(large));
    assert_true(ring.bytes <= EVENT_RING_BYTES);
    assert_int_equal(ring.next - ring.first, 3);
    event_ring_free(&ring);
}

/* An event that memory was missing for is a gap, as those before it are then. */
static void memory_runs_out(void **state)
{
    struct event_ring ring = {0};
    (void)state;
    event_ring_add(&ring, str_of("a"));
    alloc_fail_at(1);
    event_ring_add(&ring, str_of("b"));
    alloc_fail_at(0);
    event_ring_add(&ring, str_of("c"));
    assert_int_equal(ring.first, 3);
    assert_string_equal(event_ring_at(&ring, 3), "c");
    event_ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_with_the_first),
        cmocka_unit_test(keeps_so_many),
        cmocka_unit_test(keeps_so_many_bytes),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
