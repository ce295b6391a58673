/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a shard in the ceiling of an hour, as it is kept in the shard's state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "limit/hour_kept.h"
#include "shard/shard.h"
#include "store/kept.h"
#include "store/state.h"

#define MINUTE (60 * CLOCK_SECOND)
#define NOON (INT64_C(1772366400) * CLOCK_SECOND)

/* A state that has rows of numbered keys alone. */
static struct {
    struct state base;
    char rows[64][48];
} state;

static void keep(struct state *s, const struct store_kept *row, bool soon, store_done done, void *data)
{
    (void)s, (void)done, (void)data;
    assert_true(soon);
    snprintf(state.rows[atoi(row->key)], sizeof *state.rows, "%s", row->value);
}

static int read_kept(struct state *s, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *data, struct error *err)
{
    (void)s, (void)err;
    for (int i = 0; i < 64; i++) {
        char key[12];
        snprintf(key, sizeof key, "%d", i);
        if (*state.rows[i])
            row(data, &(struct store_kept){space, key, state.rows[i], 0});
    }
    return 0;
}

static const struct state_ops ops = {.keep = keep, .read_kept = read_kept};

static int begin(void **data)
{
    (void)data;
    memset(&state, 0, sizeof state);
    state.base.ops = &ops;
    return 0;
}

static void take(struct hour *hour, int64_t most)
{
    hour_open(hour, most);
    assert_int_equal(hour_kept_read(hour, &state.base, NULL), 0);
}

static void count(struct hour *hour, int64_t at)
{
    assert_int_equal(hour_count(hour, at, NULL), 0);
}

static void is_divided_without_rest(void **data)
{
    (void)data;
    for (int64_t most = 6; most < 50; most++) {
        int64_t sum = 0;
        for (unsigned i = 0; i < 6; i++)
            sum += hour_part(&(struct shard){6, i}, most);
        assert_int_equal(sum, most);
    }
    assert_int_equal(hour_part(&(struct shard){6, 3}, 100), 17);
    assert_int_equal(hour_part(&(struct shard){6, 4}, 100), 16);
}

static void moves_with_the_shard(void **data)
{
    (void)data;
    struct hour one, two;
    take(&one, 5);
    count(&one, NOON);
    count(&one, NOON + 10 * CLOCK_SECOND);
    count(&one, NOON + 5 * MINUTE);
    count(&one, NOON + 5 * MINUTE + 1);
    hour_uncount(&one);
    take(&two, 5);
    hour_set_aside(&two, 1);
    assert_int_equal(hour_left(&two, NOON + 6 * MINUTE), 1);
    assert_int_equal(hour_left(&two, NOON + 60 * MINUTE), 1); /* the first of that minute counts as the last */
    assert_int_equal(hour_left(&two, NOON + 60 * MINUTE + 10 * CLOCK_SECOND), 3);
    assert_int_equal(hour_kept_read(&two, &state.base, NULL), 0);
    assert_int_equal(hour_left(&two, NOON + 6 * MINUTE), 1); /* not counted twice, and that one is set aside still */
    hour_close(&one);
    hour_close(&two);
}

static void forgets_what_is_older_than_an_hour(void **data)
{
    (void)data;
    struct hour one, two;
    take(&one, 500);
    for (int i = 0; i < 3 * 61; i++)
        count(&one, NOON + i * MINUTE);
    take(&two, 500);
    assert_int_equal(hour_used(&two, NOON + 182 * MINUTE), 60);
    hour_close(&one);
    hour_close(&two);
}

static void never_makes_room_by_a_clock_that_was_set_back(void **data)
{
    (void)data;
    struct hour one, two;
    take(&one, 5);
    count(&one, NOON + 61 * MINUTE);
    count(&one, NOON);
    take(&two, 5);
    assert_int_equal(hour_left(&two, NOON + 62 * MINUTE), 3);
    hour_close(&one);
    hour_close(&two);
}

static void reads_what_makes_no_sense_as_a_ceiling_that_is_reached(void **data)
{
    (void)data;
    struct hour hour;
    snprintf(state.rows[3], sizeof *state.rows, "-7 %lld", (long long)NOON);
    take(&hour, 5);
    assert_int_equal(hour_left(&hour, NOON + MINUTE), 0);
    hour_close(&hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(is_divided_without_rest, begin),
        cmocka_unit_test_setup(moves_with_the_shard, begin),
        cmocka_unit_test_setup(forgets_what_is_older_than_an_hour, begin),
        cmocka_unit_test_setup(never_makes_room_by_a_clock_that_was_set_back, begin),
        cmocka_unit_test_setup(reads_what_makes_no_sense_as_a_ceiling_that_is_reached, begin),
    };
    return cmocka_run_group_tests_name("hour_kept", tests, NULL, NULL);
}
