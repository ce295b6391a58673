/* SPDX-License-Identifier: Apache-2.0 */
/* Which shard a job belongs to: the same for ever, and spread evenly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "shard/shard.h"

/* Daemons of two releases share the jobs during an upgrade: another answer would have two act on one job. */
static void is_the_same_in_every_release(void **state)
{
    (void)state;
    struct str uid = str_of("6f1c2a7e-3c1b-4a51-9d0e-0a1b2c3d4e5f");
    static const unsigned wanted[] = {1, 2, 3, 6, 16, 64};
    unsigned found[sizeof wanted / sizeof *wanted];
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        found[i] = shard_of(str_of("train"), uid, wanted[i]);
    static const unsigned fixed[] = {0, 0, 2, 2, 2, 2};
    assert_memory_equal(found, fixed, sizeof fixed);
}

static void depends_on_namespace_and_uid(void **state)
{
    (void)state;
    unsigned others = 0;
    for (int i = 0; i < 64; i++) {
        char uid[40];
        snprintf(uid, sizeof uid, "%08x-0000-4000-8000-000000000000", i);
        unsigned one = shard_of(str_of("a"), str_of(uid), 64);
        assert_int_equal(one, shard_of(str_of("a"), str_of(uid), 64));
        others += one != shard_of(str_of("b"), str_of(uid), 64);
    }
    assert_true(others > 50);
    assert_int_not_equal(shard_of(str_of("ab"), str_of("c"), 64), shard_of(str_of("a"), str_of("bc"), 64));
}

static void spreads_jobs_evenly(void **state)
{
    (void)state;
    unsigned counts[6] = {0};
    for (int i = 0; i < 6000; i++) {
        char uid[40];
        snprintf(uid, sizeof uid, "%08x-89ab-4cde-8f01-23456789%04x", (unsigned)i * 2654435761U, (unsigned)i);
        counts[shard_of(str_of("train"), str_of(uid), 6)]++;
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 850, 1150);
}

static void has_all_jobs_where_there_are_no_shards(void **state)
{
    (void)state;
    struct shard none = {0, 0}, second = {3, 1};
    assert_true(shard_has(&none, str_of("a"), str_of("b")));
    assert_true(shard_has_run(&none, 7));
    unsigned in = 0;
    for (unsigned i = 0; i < 3; i++)
        in += shard_has(&(struct shard){3, i}, str_of("a"), str_of("b"));
    assert_int_equal(in, 1);
    assert_true(shard_has_run(&second, 7));
    assert_false(shard_has_run(&second, 8));
    assert_true(shard_has_run(&(struct shard){3, 0}, 0));
    assert_true(shard_has_run(&(struct shard){3, 0}, -4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_same_in_every_release),
        cmocka_unit_test(depends_on_namespace_and_uid),
        cmocka_unit_test(spreads_jobs_evenly),
        cmocka_unit_test(has_all_jobs_where_there_are_no_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
