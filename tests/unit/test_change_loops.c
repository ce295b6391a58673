/* SPDX-License-Identifier: Apache-2.0 */
/* What is a loop of policies, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "change/loops.h"

#define NOW (INT64_C(1800000000) * CLOCK_SECOND)

struct world {
    struct loops loops;
    int64_t now;
    int version; /* of the job */
    struct error err;
    bool told;
};

static int begin(void **state)
{
    static struct world w;
    w = (struct world){.now = NOW, .version = 1};
    *state = &w;
    return 0;
}

static int end(void **state)
{
    loops_forget(&((struct world *)*state)->loops);
    return 0;
}

/* The policy looks at the newest version, and writes. False: it was refused. */
static bool writes(struct world *w, const char *policy, bool by_event, const char *field, const char *before,
                   const char *after)
{
    char seen[16], made[16];
    struct mpijob_difference item = {(char *)field, FIELD_COUNT, (char *)before, (char *)after, NULL};
    struct mpijob_diff diff = {.items = &item, .count = 1, .cap = 1};
    snprintf(seen, sizeof seen, "%d", w->version);
    snprintf(made, sizeof made, "%d", w->version + 1);
    struct loop_write write = {policy, str_of("uid-1"), "train/a", &diff, str_of(seen), w->now};
    if (by_event && loops_check(&w->loops, &write, &w->told, &w->err))
        return false;
    w->version++;
    loops_wrote(&w->loops, &write, by_event, str_of(made));
    return true;
}

static bool another_writer_changes(struct world *w)
{
    char made[16];
    snprintf(made, sizeof made, "%d", ++w->version);
    return loops_changed(&w->loops, str_of("uid-1"), str_of(made));
}

#define TEAM "/metadata/labels/team"

/* How many writes of two policies that undo each other's go through. */
static int fight(struct world *w, const char *a, const char *b, bool b_by_event)
{
    int n = 0;
    while (n < 100) {
        if (!writes(w, a, true, TEAM, "\"2\"", "\"1\""))
            break;
        n++;
        if (!writes(w, b, b_by_event, TEAM, "\"1\"", "\"2\""))
            break;
        n++;
    }
    return n;
}

static void two_that_undo_each_other_are_stopped(void **state)
{
    struct world *w = *state;
    assert_int_equal(fight(w, "one", "two", true), 2 * LOOP_TIMES);
    assert_int_equal(w->err.code, ERR_REFUSED);
    assert_string_equal(w->err.reason, "Loop");
    assert_non_null(strstr(w->err.message, "\"one\""));
    assert_non_null(strstr(w->err.message, "\"two\""));
    assert_non_null(strstr(w->err.message, "labels.team of train/a"));
    assert_false(w->told);
    assert_true(loops_know(&w->loops, str_of("uid-1")));
    assert_false(loops_know(&w->loops, str_of("uid-2")));
    assert_true(loops_stopped(&w->loops, str_of("uid-1"), "one", w->now));
    assert_true(loops_stopped(&w->loops, str_of("uid-1"), "two", w->now));
    assert_false(loops_stopped(&w->loops, str_of("uid-1"), "three", w->now));
    assert_false(loops_stopped(&w->loops, str_of("uid-2"), "one", w->now));
    w->now += 86400 * CLOCK_SECOND; /* for good */
    assert_false(writes(w, "one", true, TEAM, "\"2\"", "\"1\""));
    assert_true(w->told);
    assert_false(writes(w, "two", true, "/metadata/labels/x", NULL, "\"1\"")); /* whatever they write there */
    assert_true(w->told);
    assert_true(writes(w, "three", true, "/metadata/labels/x", NULL, "\"1\""));
}

static void it_is_let_go_when_another_writer_changes_the_job(void **state)
{
    struct world *w = *state;
    fight(w, "one", "two", true);
    assert_false(loops_changed(&w->loops, str_of("uid-1"), str_of("3"))); /* ours, told late */
    assert_true(another_writer_changes(w));
    assert_false(loops_stopped(&w->loops, str_of("uid-1"), "one", w->now));
    assert_int_equal(fight(w, "one", "two", true), 2 * LOOP_TIMES);
}

static void it_is_let_go_when_the_policies_are_loaded_again(void **state)
{
    struct world *w = *state;
    fight(w, "one", "two", true);
    loops_forget(&w->loops);
    assert_false(loops_stopped(&w->loops, str_of("uid-1"), "one", w->now));
    assert_true(writes(w, "one", true, TEAM, "\"2\"", "\"1\""));
}

static void a_scheduled_one_can_be_the_other(void **state)
{
    struct world *w = *state;
    assert_int_equal(fight(w, "one", "nightly", false), 2 * LOOP_TIMES);
    assert_non_null(strstr(w->err.message, "\"nightly\""));
}

static void three_in_a_circle(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"one", "two", "three"}, *const values[] = {"\"1\"", "\"2\"", "\"3\""};
    int n = 0;
    while (n < 100 && writes(w, names[n % 3], true, TEAM, values[n % 3], values[(n + 1) % 3]))
        n++;
    assert_int_equal(n, 3 * LOOP_TIMES);
    for (int i = 0; i < 3; i++)
        assert_true(loops_stopped(&w->loops, str_of("uid-1"), names[i], w->now));
}

static void two_that_stamp_each_other_s_stamps(void **state)
{
    struct world *w = *state;
    int n = 0;
    for (; n < 100; n++) {
        char stamp[16];
        snprintf(stamp, sizeof stamp, "\"%d\"", n);
        if (!writes(w, n % 2 ? "two" : "one", true, n % 2 ? "/metadata/annotations/b" : "/metadata/annotations/a", NULL,
                    stamp))
            break;
    }
    assert_int_equal(n, LOOP_DEPTH);
    assert_non_null(strstr(w->err.message, "\"one\""));
    assert_non_null(strstr(w->err.message, "\"two\""));
}

static void one_that_quarrels_with_a_writer_that_is_no_policy(void **state)
{
    struct world *w = *state;
    int n = 0;
    while (n < 100 && writes(w, "one", true, TEAM, "\"2\"", "\"1\"")) {
        assert_false(another_writer_changes(w)); /* back to "2" */
        n++;
    }
    assert_int_equal(n, LOOP_TIMES);
    assert_non_null(strstr(w->err.message, "\"one\" and a writer that is no policy"));
    assert_true(loops_stopped(&w->loops, str_of("uid-1"), "one", w->now));
    assert_false(another_writer_changes(w));
    w->now += LOOP_WINDOW;
    assert_false(loops_stopped(&w->loops, str_of("uid-1"), "one", w->now));
    assert_true(writes(w, "one", true, TEAM, "\"2\"", "\"1\""));
}

static void what_takes_its_time_is_none(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 50; i++) { /* suspended at weekends, and resumed */
        assert_true(writes(w, "suspend", true, "/spec/runPolicy/suspend", "false", "true"));
        w->now += LOOP_WINDOW / 2;
        assert_false(another_writer_changes(w));
        assert_true(writes(w, "resume", true, "/spec/runPolicy/suspend", "true", "false"));
        w->now += LOOP_WINDOW / 2;
        assert_false(another_writer_changes(w));
    }
    assert_false(loops_stopped(&w->loops, str_of("uid-1"), "suspend", w->now));
}

static void what_people_change_in_between_is_none(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 50; i++) {
        assert_true(writes(w, "one", true, TEAM, "\"2\"", "\"1\""));
        assert_true(writes(w, "two", true, "/metadata/labels/seen", NULL, "\"yes\""));
        another_writer_changes(w);
    }
}

static void many_jobs_are_not_all_remembered(void **state)
{
    struct world *w = *state;
    struct mpijob_difference item = {(char *)TEAM, FIELD_COUNT, NULL, (char *)"\"1\"", NULL};
    struct mpijob_diff diff = {.items = &item, .count = 1, .cap = 1};
    for (int i = 0; i < 5000; i++) {
        char uid[32];
        snprintf(uid, sizeof uid, "uid-%d", i);
        struct loop_write write = {"one", str_of(uid), "train/a", &diff, str_of("1"), w->now};
        assert_int_equal(loops_check(&w->loops, &write, &w->told, &w->err), 0);
        loops_wrote(&w->loops, &write, true, str_of("2"));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

static void the_watch_may_be_faster_than_the_answer(void **state)
{
    struct world *w = *state;
    int rounds = 0;
    while (rounds < 20) {
        const char *policy = rounds % 2 ? "two" : "one", *before = rounds % 2 ? "\"a\"" : "\"b\"",
                   *after = rounds % 2 ? "\"b\"" : "\"a\"";
        loops_begin(&w->loops, str_of("uid-1"));
        char next[16]; /* the write's own event, before loops_wrote has heard of its version */
        snprintf(next, sizeof next, "%d", w->version + 1);
        assert_false(loops_changed(&w->loops, str_of("uid-1"), str_of(next)));
        bool written = writes(w, policy, true, "/metadata/labels/team", before, after);
        loops_end(&w->loops, str_of("uid-1"));
        if (!written)
            break;
        rounds++;
    }
    assert_int_equal(rounds, 2 * LOOP_TIMES);
    assert_true(another_writer_changes(w)); /* nothing is in flight now */
    loops_end(&w->loops, str_of("uid-1"));  /* one too many does no harm */
    loops_end(&w->loops, str_of("uid-9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_that_undo_each_other_are_stopped),
        TEST(it_is_let_go_when_another_writer_changes_the_job),
        TEST(it_is_let_go_when_the_policies_are_loaded_again),
        TEST(a_scheduled_one_can_be_the_other),
        TEST(three_in_a_circle),
        TEST(the_watch_may_be_faster_than_the_answer),
        TEST(two_that_stamp_each_other_s_stamps),
        TEST(one_that_quarrels_with_a_writer_that_is_no_policy),
        TEST(what_takes_its_time_is_none),
        TEST(what_people_change_in_between_is_none),
        TEST(many_jobs_are_not_all_remembered),
    };
    return cmocka_run_group_tests_name("policy_loops", tests, NULL, NULL);
}
