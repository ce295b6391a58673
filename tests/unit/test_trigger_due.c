/* SPDX-License-Identifier: Apache-2.0 */
/* The heap of what is due, against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/error.h"
#include "trigger/steps/due_heap.h"

#define SLOTS 300
#define ABSENT INT64_MIN

static void compare(struct due *d, const int64_t *wanted)
{
    uint32_t slot;
    int64_t at, least = INT64_MAX;
    size_t count = 0;
    for (uint32_t s = 0; s < SLOTS; s++) {
        assert_int_equal(due_has(d, s), wanted[s] != ABSENT);
        count += wanted[s] != ABSENT;
        if (wanted[s] != ABSENT && wanted[s] < least)
            least = wanted[s];
    }
    assert_int_equal(d->count, count);
    assert_int_equal(due_first(d, &slot, &at), count > 0);
    if (count) {
        assert_int_equal(at, least);
        assert_int_equal(wanted[slot], at);
    }
}

static void the_earliest_is_first(void **state)
{
    (void)state;
    struct due d = {0};
    int64_t wanted[SLOTS], last = INT64_MIN, at;
    uint32_t slot;
    for (int i = 0; i < SLOTS; i++)
        wanted[i] = ABSENT;
    for (int i = 0; i < 20000; i++) {
        uint32_t s = (uint32_t)rand() % SLOTS;
        if (rand() % 3 == 0) {
            wanted[s] = ABSENT;
            due_remove(&d, s);
        } else {
            wanted[s] = (int64_t)(rand() % 1000 - 500) * INT64_C(10000000000);
            assert_int_equal(due_set(&d, s, wanted[s]), 0);
        }
        if (i % 100 == 0)
            compare(&d, wanted);
    }
    while (due_first(&d, &slot, &at)) {
        assert_true(at >= last);
        last = at;
        due_remove(&d, slot);
    }
    due_remove(&d, 5); /* not in it */
    due_clear(&d);
}

static void without_memory_it_is_as_before(void **state)
{
    (void)state;
    struct due d = {0};
    int64_t at;
    for (long n = 1; n <= 2; n++) {
        alloc_fail_at(n);
        assert_int_equal(due_set(&d, 9, 5), ERR_NOMEM);
        alloc_fail_at(0);
        assert_false(due_has(&d, 9));
        assert_false(due_first(&d, NULL, &at));
    }
    assert_int_equal(due_set(&d, 9, 5), 0);
    alloc_fail_at(1);
    assert_int_equal(due_set(&d, 100000, 4), ERR_NOMEM);
    alloc_fail_at(0);
    assert_true(due_first(&d, NULL, &at));
    assert_int_equal(at, 5);
    due_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_is_first),
        cmocka_unit_test(without_memory_it_is_as_before),
    };
    return cmocka_run_group_tests_name("policy_due", tests, NULL, NULL);
}
