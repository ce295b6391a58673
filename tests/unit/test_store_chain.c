/* SPDX-License-Identifier: Apache-2.0 */
/* The chain over the journal: it holds over failures, removals and openings, and shows who wrote past it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the above */
#include <cmocka.h>
#include <sqlite3.h>

#include "store/journal_chain.h"
#include "store_help.h"

struct seen {
    struct chain_report report;
    char first[512]; /* the first fault; "": none */
};

static void fault(void *data, const char *text)
{
    struct seen *seen = data;
    if (!*seen->first)
        snprintf(seen->first, sizeof seen->first, "%s", text);
}

static struct seen verify(struct store *store, const char *head)
{
    struct seen seen = {0};
    struct error err;
    assert_int_equal(journal_verify(store_journal(store), head, fault, &seen, &seen.report, &err), 0);
    return seen;
}

static void is_whole(struct store *store, const char *head)
{
    struct seen seen = verify(store, head);
    assert_string_equal(seen.first, "");
    assert_int_equal(seen.report.faults, 0);
}

static void sql(struct place *p, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void every_write_has_its_entry(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    char head[CHAIN_HEAD_SIZE], later[CHAIN_HEAD_SIZE];
    journal_head(store_journal(store), head);
    assert_int_equal(strncmp(head, "0:", 2), 0);
    struct store_run r = a_run("a", "every", 1);
    int64_t run = add_run(p, store, &r);
    struct store_intent c = an_intent(run, "x");
    int64_t change = add_change(p, store, &c);
    end_change(p, store, change, "done", 5);
    struct answer answer = {0};
    state_observed(store_state(store), &(struct store_observation){change, "seen", 9}, on_answer, &answer);
    await_answer(p, &answer);
    end_run(p, store, run, "done", 10);
    struct seen seen = verify(store, head);
    assert_int_equal(seen.report.faults, 0);
    assert_int_equal(seen.report.entries, 5);
    journal_head(store_journal(store), later);
    assert_string_equal(later, seen.report.head);
    assert_int_equal(strncmp(later, "5:", 2), 0);
    close_store(p, store);
    store = open_store(p);
    journal_head(store_journal(store), head);
    assert_string_equal(head, later);
    is_whole(store, head);
    close_store(p, store);
}

/* A row that cannot be written takes those of its transaction along, which are written again without it. */
static void what_was_rolled_back_left_no_entry(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    add_change(p, store, &c);
    sql(p, "CREATE INDEX t ON changes(abs(CASE name WHEN 'bad' THEN -9223372036854775808 ELSE 0 END))"); /* overflows */
    struct answer good = {0}, bad = {0}, missing = {0}, last = {0};
    state_intent(store_state(store), &c, NULL, on_answer, &good);
    c = an_intent(1, "bad");
    state_intent(store_state(store), &c, NULL, on_answer, &bad);
    state_outcome(store_state(store), &(struct store_outcome){.id = 99, .outcome = "done"}, NULL, on_answer, &missing);
    c = an_intent(1, "y");
    state_intent(store_state(store), &c, NULL, on_answer, &last);
    await_answer(p, &last);
    assert_int_equal(bad.err.code, ERR_IO);
    assert_int_equal(missing.err.code, ERR_NOT_FOUND);
    assert_int_equal(last.err.code, 0);
    struct seen seen = verify(store, NULL);
    assert_string_equal(seen.first, "");
    assert_int_equal(seen.report.entries, 3);
    close_store(p, store);
}

static int64_t prune(struct place *p, struct store *store, int64_t before, int64_t bytes)
{
    struct answer answer = {0};
    journal_prune(store_journal(store), before, bytes, on_answer, &answer);
    await_answer(p, &answer);
    assert_int_equal(answer.err.code, 0);
    return answer.id;
}

static void fill(struct place *p, struct store *store, int count)
{
    struct store_intent c = an_intent(0, "x");
    for (int i = 1; i <= count; i++) {
        c.intended_at = i;
        state_intent(store_state(store), &c, NULL, NULL, NULL);
        state_outcome(store_state(store), &(struct store_outcome){.id = i, .outcome = "done", .ended_at = i}, NULL,
                      NULL, NULL);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
}

static void old_rows_leave_without_a_break(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    char head[CHAIN_HEAD_SIZE];
    fill(p, store, 2000);
    journal_head(store_journal(store), head);
    assert_int_equal(prune(p, store, 1501, 0), 1500);
    struct seen seen = verify(store, head);
    assert_string_equal(seen.first, "");
    assert_int_equal(seen.report.changes, 500);
    assert_int_equal(seen.report.entries, 1001); /* the front has gone too; one says that rows left */
    /* One that is in flight, in front, keeps its entry and those behind it. */
    close_store(p, store);
    sql(p, "DELETE FROM changes WHERE id = 1800");
    store = open_store(p);
    seen = verify(store, NULL);
    assert_int_equal(seen.report.faults, 1);
    assert_non_null(strstr(seen.first, "change 1800 (entry 3600 of the chain, 1970-01-01T00:00:00Z) was removed"));
    close_store(p, store);
}

static void what_is_in_flight_stays_with_all_that_follows(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(0, "waits");
    c.intended_at = 1;
    assert_int_equal(add_change(p, store, &c), 1);
    for (int i = 2; i <= 4; i++) {
        c.intended_at = i;
        end_change(p, store, add_change(p, store, &c), "done", i);
    }
    assert_int_equal(prune(p, store, 1000, 0), 3);
    struct seen seen = verify(store, NULL);
    assert_string_equal(seen.first, "");
    assert_int_equal(seen.report.left, 3);
    assert_int_equal(seen.report.changes, 1);
    close_store(p, store);
}

static void the_oldest_leave_when_the_file_is_too_big(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    fill(p, store, 4000);
    assert_int_equal(prune(p, store, 0, INT64_C(1) << 30), 0);
    int64_t removed = prune(p, store, 0, 512 * 1024);
    assert_in_range(removed, 1000, 3999);
    struct seen seen = verify(store, NULL);
    assert_string_equal(seen.first, "");
    assert_int_equal(seen.report.changes, 4000 - removed);
    assert_int_equal(prune(p, store, 0, 512 * 1024), 0);
    close_store(p, store);
}

static void a_chain_in_memory(void **state)
{
    struct place *p = *state;
    struct store *store;
    struct error err;
    assert_int_equal(store_open(&p->loop, ":memory:", NULL, &store, &err), 0);
    fill(p, store, 10);
    is_whole(store, NULL);
    close_store(p, store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_write_has_its_entry),
        TEST(what_was_rolled_back_left_no_entry),
        TEST(old_rows_leave_without_a_break),
        TEST(what_is_in_flight_stays_with_all_that_follows),
        TEST(the_oldest_leave_when_the_file_is_too_big),
        TEST(a_chain_in_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
