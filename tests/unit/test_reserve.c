/* SPDX-License-Identifier: Apache-2.0 */
/* The reserve: used only where malloc fails, bounded, and whole again when all of it has come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "base/reserve.h"

static void steps_in(void **state)
{
    (void)state;
    alloc_fail_at(1);
    char *text = reserve_malloc(6);
    assert_true(alloc_failed());
    assert_non_null(text);
    assert_true(reserve_usable_size(text) >= 6);
    strcpy(text, "there");
    alloc_fail_at(1);
    text = reserve_realloc(text, 5000); /* within the reserve */
    assert_string_equal(text, "there");
    text = reserve_realloc(text, 8);
    assert_string_equal(text, "there");
    reserve_free(text);

    alloc_fail_at(0);
    text = reserve_malloc(6); /* malloc's */
    strcpy(text, "there");
    alloc_fail_at(1);
    text = reserve_realloc(text, 100);
    assert_true(alloc_failed());
    assert_string_equal(text, "there");
    alloc_fail_at(1);
    unsigned char *zeros = reserve_calloc(10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    reserve_free(zeros);
    reserve_free(text);
    reserve_free(NULL);
    alloc_fail_at(0);
}

static void ends(void **state)
{
    (void)state;
    void *taken[16];
    for (int round = 0; round < 3; round++) { /* what came back is there the next time */
        int n = 0;
        do {
            alloc_fail_at(1);
            taken[n] = reserve_malloc(RESERVE_SIZE / 8);
            memset(taken[n] ? taken[n] : &(char){0}, 0xAA, taken[n] ? RESERVE_SIZE / 8 : 1);
        } while (taken[n++]);
        assert_int_equal(n, 8); /* seven, since each has a head, and the one that was refused */
        alloc_fail_at(1);
        assert_null(reserve_realloc(taken[0], RESERVE_SIZE / 4));
        for (int i = 0; i < n; i++)
            reserve_free(taken[i]);
    }
    alloc_fail_at(1);
    assert_null(reserve_calloc(SIZE_MAX / 2, 4));
    alloc_fail_at(1);
    assert_null(reserve_malloc(SIZE_MAX - 8));
    alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_in), cmocka_unit_test(ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
