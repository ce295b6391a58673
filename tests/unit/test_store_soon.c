/* SPDX-License-Identifier: Apache-2.0 */
/* What is written "soon": it comes in one transaction with what is waited for, or after a while, or at the closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    assert_int_equal(state_read_handled(store_state(store), key, add, &rows, NULL), 0);
    assert_string_equal(rows.text, wanted);
}

static void closing_writes_what_is_soon(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    state_set_handled(store_state(store), &(struct store_handled){"a", "u1", "m", NULL, 5}, NULL, NULL);
    state_set_handled(store_state(store), &(struct store_handled){"a", "u2", "kf", "19", 6}, NULL, NULL);
    state_set_handled(store_state(store), &(struct store_handled){.key = "a", .uid = "u1"}, NULL, NULL);
    state_set_mark(store_state(store), "a", 50, NULL, NULL);
    close_store(p, store);
    store = open_store(p);
    expect_rows(store, "a", "u2=kf/19 ");
    int64_t at = 0;
    bool found;
    assert_int_equal(state_read_mark(store_state(store), "a", &at, &found, NULL), 0);
    assert_true(found);
    assert_int_equal(at, 50);
    close_store(p, store);
}

static void runs_are_numbered_at_once(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("a", "match", 5);
    int64_t first = journal_run_begin_soon(store_journal(store), &run, NULL, NULL);
    assert_int_equal(first, 1);
    assert_int_equal(add_run(p, store, &run), 2);
    assert_int_equal(journal_run_begin_soon(store_journal(store), &run, NULL, NULL), 3);
    run.id = first;
    run.outcome = "done";
    journal_run_end_soon(store_journal(store), &run, NULL, NULL);
    close_store(p, store);
    store = open_store(p);
    struct store_filter one = {.run = 1};
    assert_int_equal(count_runs(store, &one, true), 0);
    assert_int_equal(count_runs(store, NULL, true), 2);
    end_run(p, store, 3, "done", 9);
    assert_int_equal(journal_run_begin_soon(store_journal(store), &run, NULL, NULL), 4);
    close_store(p, store);
}

static void one_transaction_with_what_is_waited_for(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_run run = a_run("a", "match", 5);
    struct answer intent = {0};
    int64_t id = journal_run_begin_soon(store_journal(store), &run, NULL, NULL);
    struct store_intent change = an_intent(id, "mnist");
    state_intent(store_state(store), &change, NULL, on_answer, &intent);
    await_answer(p, &intent);
    assert_int_equal(intent.err.code, 0);
    struct store_filter one = {.run = id};
    assert_int_equal(count_runs(store, &one, false), 1); /* written with the intent */
    close_store(p, store);
}

static void what_is_soon_comes_by_itself(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct answer answer = {0};
    state_set_handled(store_state(store), &(struct store_handled){"a", "u1", "m", NULL, 5}, on_answer, &answer);
    await_answer(p, &answer); /* the loop runs on until it is written */
    assert_int_equal(answer.err.code, 0);
    expect_rows(store, "a", "u1=m/ ");
    close_store(p, store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(closing_writes_what_is_soon),
        TEST(runs_are_numbered_at_once),
        TEST(one_transaction_with_what_is_waited_for),
        TEST(what_is_soon_comes_by_itself),
    };
    return cmocka_run_group_tests_name("store_soon", tests, NULL, NULL);
}
