/* What policies have handled: written with the change, gone with it, and what nobody waits for comes with what somebody
 * does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/parts.h"
#include "store_help.h"

struct rows {
    int count;
    char text[256]; /* "uid=value/version " each, in the order of uids */
};

static bool add(void *data, const struct store_handled *h)
{
    struct rows *rows = data;
    size_t n = strlen(rows->text);
    rows->count++;
    snprintf(rows->text + n, sizeof rows->text - n, "%s=%s/%s ", h->uid, h->value, h->version);
    return true;
}

static void expect_rows(struct store *store, const char *key, const char *wanted)
{
    struct rows rows = {0};
    assert_int_equal(store_read_handled(store, key, add, &rows, NULL), 0);
    assert_string_equal(rows.text, wanted);
}

static void sync_store(struct place *p, struct store *store)
{
    struct answer answer = {0};
    store_sync(store, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
}

static void a_row_a_policy_and_job(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    store_set_handled(store, &(struct store_handled){"a", "u1", "m", NULL, 5}, NULL, NULL);
    store_set_handled(store, &(struct store_handled){"a", "u2", "k", "17", 5}, NULL, NULL);
    store_set_handled(store, &(struct store_handled){"b", "u1", "v", "18", 5}, NULL, NULL);
    store_set_handled(store, &(struct store_handled){"a", "u2", "kf", "19", 6}, NULL, NULL);
    sync_store(p, store);
    expect_rows(store, "a", "u1=m/ u2=kf/19 ");
    expect_rows(store, "b", "u1=v/18 ");
    expect_rows(store, "c", "");
    store_set_handled(store, &(struct store_handled){.key = "a", .uid = "u1"}, NULL, NULL);
    store_set_handled(store, &(struct store_handled){.key = "a", .uid = "never there"}, NULL, NULL);
    close_store(p, store); /* writes what nobody waited for */
    store = open_store(p);
    expect_rows(store, "a", "u2=kf/19 ");
    close_store(p, store);
}

static void with_the_intent_and_the_outcome(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_change change = a_change(1, "mnist");
    change.uid = "u1";
    change.resource_version = "41";
    change.handled_key = "a";
    change.handled_value = "m";
    int64_t first = add_change(p, store, &change);
    expect_rows(store, "a", "u1=m/41 ");
    struct answer answer = {0};
    struct store_change done = {.id = first,
                                .uid = "u1",
                                .outcome = "done",
                                .resource_version_after = "42",
                                .handled_key = "a",
                                .handled_value = "m"};
    store_outcome(store, &done, on_answer, &answer);
    await_answer(p, &answer);
    expect_rows(store, "a", "u1=m/42 ");
    struct store_change failed = {.id = first, .uid = "u1", .outcome = "failed", .handled_key = "a"};
    store_outcome(store, &failed, NULL, NULL);
    sync_store(p, store);
    expect_rows(store, "a", "");
    change.handled_key = NULL; /* others leave it alone */
    add_change(p, store, &change);
    expect_rows(store, "a", "");
    close_store(p, store);
}

static void a_mark_can_go(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    int64_t at;
    bool found;
    store_set_mark(store, "a#added", 7, NULL, NULL);
    sync_store(p, store);
    assert_int_equal(store_read_mark(store, "a#added", &at, &found, NULL), 0);
    assert_true(found);
    store_remove_mark(store, "a#added", NULL, NULL);
    sync_store(p, store);
    assert_int_equal(store_read_mark(store, "a#added", &at, &found, NULL), 0);
    assert_false(found);
    close_store(p, store);
}

static void runs_are_numbered_at_once(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("a", "match", 5);
    int64_t first = store_run_begin_soon(store, &run, NULL, NULL);
    assert_int_equal(first, 1);
    assert_int_equal(add_run(p, store, &run), 2);
    assert_int_equal(store_run_begin_soon(store, &run, NULL, NULL), 3);
    run.id = first;
    run.outcome = "done";
    store_run_end_soon(store, &run, NULL, NULL);
    close_store(p, store);
    store = open_store(p);
    struct store_filter one = {.run = 1};
    assert_int_equal(count_runs(store, &one, true), 0);
    assert_int_equal(count_runs(store, NULL, true), 2);
    end_run(p, store, 3, "done", 9);
    assert_int_equal(store_run_begin_soon(store, &run, NULL, NULL), 4);
    close_store(p, store);
}

static void one_transaction_with_what_is_waited_for(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("a", "match", 5);
    struct answer intent = {0};
    int64_t id = store_run_begin_soon(store, &run, NULL, NULL);
    struct store_change change = a_change(id, "mnist");
    store_intent(store, &change, on_answer, &intent);
    await_answer(p, &intent);
    assert_int_equal(intent.err.code, 0);
    struct store_filter one = {.run = id};
    assert_int_equal(count_runs(store, &one, false), 1); /* nobody has asked for it */
    close_store(p, store);
}

static void what_nobody_waits_for_comes_too(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct answer answer = {0};
    store_set_handled(store, &(struct store_handled){"a", "u1", "m", NULL, 5}, on_answer, &answer);
    await_answer(p, &answer); /* the loop runs on until it is written */
    assert_int_equal(answer.err.code, 0);
    expect_rows(store, "a", "u1=m/ ");
    close_store(p, store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_a_policy_and_job),
        TEST(with_the_intent_and_the_outcome),
        TEST(a_mark_can_go),
        TEST(runs_are_numbered_at_once),
        TEST(one_transaction_with_what_is_waited_for),
        TEST(what_nobody_waits_for_comes_too),
    };
    return cmocka_run_group_tests_name("store_handled", tests, NULL, NULL);
}
