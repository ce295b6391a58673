/* SPDX-License-Identifier: Apache-2.0 */
/* How shards are shared out: tables of who has what, and daemons that act by them until nothing moves any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shard/share.h"

#define S INT64_C(1000000)
#define LEASE (15 * S)
#define RETRY (2 * S)

/* owners: a letter a shard, '.': nobody, for `free_for`. asker: a letter, or '.'. */
static struct share look(const char *owners, char me, char asker, int64_t free_for)
{
    static const char names[] = "a\0b\0c\0d\0e";
    static struct share_seen seen[SHARDS_MOST];
    unsigned n = (unsigned)strlen(owners);
    for (unsigned i = 0; i < n; i++)
        seen[i] = owners[i] == '.' ? (struct share_seen){"", free_for}
                                   : (struct share_seen){names + 2 * (owners[i] - 'a'), 0};
    return (struct share){.me = names + 2 * (me - 'a'),
                          .count = n,
                          .shards = seen,
                          .asker = asker == '.' ? "" : names + 2 * (asker - 'a'),
                          .lease = LEASE,
                          .retry = RETRY};
}

static void counts_daemons(void **state)
{
    (void)state;
    struct share s = look("aab.", 'a', '.', S);
    struct share_sum sum = share_sum(&s);
    assert_int_equal(sum.mine, 2);
    assert_int_equal(sum.free, 1);
    assert_int_equal(sum.daemons, 2);
    assert_int_equal(sum.most, 2);
    assert_int_equal(sum.largest, 2);
    s = look("aaaaaa", 'c', 'b', S);
    sum = share_sum(&s);
    assert_int_equal(sum.daemons, 3);
    assert_int_equal(sum.most, 2);
}

static void is_short(void **state)
{
    (void)state;
    static const struct {
        const char *owners;
        char me;
        bool wanted;
    } rows[] = {{"......", 'a', true}, {"aaaaaa", 'a', false}, {"aaaaaa", 'b', true}, {"aaabbb", 'a', false},
                {"aabb..", 'a', true}, {"aaab..", 'a', false}, {"aaab..", 'b', true}, {"aab", 'c', true},
                {"aabb", 'c', true},   {"ab", 'c', false},     {"aaaabb", 'b', true}, {"aaabb", 'b', false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct share s = look(rows[i].owners, rows[i].me, '.', S);
        assert_int_equal(share_is_short(&s), rows[i].wanted);
    }
}

static void gives_to_who_asks(void **state)
{
    (void)state;
    static const struct {
        const char *owners;
        char me, asker;
        int wanted;
    } rows[] = {{"aaaaaa", 'a', '.', -1}, /* nobody asks */
                {"aaaaaa", 'a', 'a', -1}, /* it is this one */
                {"aaaaaa", 'a', 'b', 5},  {"aaaaab", 'a', 'b', 4},
                {"aaaabb", 'a', 'b', 3},  {"aaabbb", 'a', 'b', -1}, /* even */
                {"aaabb", 'a', 'b', -1},                            /* one more is not too many */
                {"aaa..b", 'a', 'b', -1},                           /* what nobody has comes first */
                {"aaabbb", 'a', 'c', 2},                            /* of two with as many, the first by name */
                {"aaabbb", 'b', 'c', -1}, {"aabbbb", 'a', 'c', -1}, /* who has most gives */
                {"aabbbb", 'b', 'c', 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct share s = look(rows[i].owners, rows[i].me, rows[i].asker, S);
        assert_int_equal(share_gift(&s), rows[i].wanted);
    }
}

static void waits_before_it_takes(void **state)
{
    (void)state;
    struct share s = look("......", 'a', 'a', 0);
    assert_int_equal(share_wait(&s, 0, 0), 0); /* it asks */
    assert_int_equal(share_wait(&s, 5, 5), 0);
    s = look(".bbb", 'a', '.', 0);
    assert_int_equal(share_wait(&s, 0, 0), 0); /* it has none */
    s = look("a.bb", 'a', '.', S / 4);
    assert_int_equal(share_wait(&s, 1, 0), S / 2 - S / 4); /* those that have fewer come first */
    s = look("aa.bb", 'a', '.', 0);
    assert_int_equal(share_wait(&s, 2, 0), RETRY / 2 * 2 / 3);
    assert_int_equal(share_wait(&s, 2, 1), LEASE); /* more than its share */
    s = look("..bb", 'a', 'b', S);
    assert_int_equal(share_wait(&s, 0, 0), LEASE - S); /* it is left to the one that asks */
    s = look("..bb", 'a', 'b', LEASE);
    assert_int_equal(share_wait(&s, 0, 0), 0); /* but not for ever */
}

/* Daemons 'a' to `last` act in turn, by what is there, until nobody does anything. Says what is left. */
static void settle(char owners[], char last)
{
    for (int turn = 0; turn < 1000; turn++) {
        bool acted = false;
        char asker = '.';
        for (char me = 'a'; me <= last && asker == '.'; me++) {
            struct share s = look(owners, me, '.', 0);
            if (share_is_short(&s))
                asker = me;
        }
        for (char me = 'a'; me <= last; me++) {
            struct share s = look(owners, me, asker, 0);
            int gift = share_gift(&s);
            if (gift >= 0) {
                owners[gift] = '.';
                acted = true;
                s = look(owners, me, asker, 0);
            }
            for (unsigned i = 0; i < s.count; i++) {
                if (owners[i] == '.' && share_wait(&s, i, 0) == 0) {
                    owners[i] = me;
                    acted = true;
                    s = look(owners, me, asker, 0);
                }
            }
        }
        if (!acted && asker == '.')
            return;
    }
    fail_msg("it never ends");
}

static void comes_to_rest_with_even_shares(void **state)
{
    (void)state;
    for (unsigned shards = 1; shards <= 20; shards++) {
        char owners[32] = {0};
        memset(owners, '.', shards);
        for (int step = 0; step < 4; step++) { /* 1, 3, 2, 5 daemons */
            static const char last[] = {'a', 'c', 'b', 'e'};
            for (unsigned i = 0; i < shards; i++)
                owners[i] = owners[i] > last[step] ? '.' : owners[i]; /* the others have died */
            settle(owners, last[step]);
            unsigned least = shards, most = 0;
            for (char who = 'a'; who <= last[step]; who++) {
                unsigned n = 0;
                for (unsigned i = 0; i < shards; i++)
                    n += owners[i] == who;
                least = n < least ? n : least;
                most = n > most ? n : most;
            }
            assert_true(most - least <= 1);
            assert_null(strchr(owners, '.'));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_daemons),
        cmocka_unit_test(is_short),
        cmocka_unit_test(gives_to_who_asks),
        cmocka_unit_test(waits_before_it_takes),
        cmocka_unit_test(comes_to_rest_with_even_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
