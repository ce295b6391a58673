/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation fails in turn: ours by the linker's wrap, SQLite's by an allocator of the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "alloc.h"
#include "store_help.h"

/* ---- SQLite's allocator: any thread's Nth allocation from now fails ---- */

static sqlite3_mem_methods real_memory;
static atomic_long sqlite_countdown;
static atomic_bool sqlite_failed;

static bool sqlite_fails(void)
{
    if (atomic_load(&sqlite_countdown) == 0 || atomic_fetch_sub(&sqlite_countdown, 1) != 1)
        return false;
    atomic_store(&sqlite_failed, true);
    return true;
}

static void *sqlite_malloc(int n)
{
    return sqlite_fails() ? NULL : real_memory.xMalloc(n);
}

static void *sqlite_realloc(void *old, int n)
{
    return sqlite_fails() ? NULL : real_memory.xRealloc(old, n);
}

static void sqlite_fail_at(long n)
{
    atomic_store(&sqlite_failed, false);
    atomic_store(&sqlite_countdown, n);
}

static int take_over_memory(void)
{
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory))
        return -1;
    sqlite3_mem_methods ours = real_memory;
    ours.xMalloc = sqlite_malloc;
    ours.xRealloc = sqlite_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) || sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0))
        return -1;
    return sqlite3_initialize();
}

/* ---- the tests ---- */

static void opening_without_memory(void **state)
{
    struct place *p = *state;
    for (long n = 1;; n++) {
        struct store *store;
        struct error err;
        alloc_fail_at(n);
        int rc = store_open(&p->loop, p->path, NULL, &store, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        if (!failed) {
            assert_int_equal(rc, 0);
            close_store(p, store);
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, ERR_NOMEM);
        assert_null(store);
    }
}

static void opening_without_memory_for_sqlite(void **state)
{
    struct place *p = *state;
    struct error err;
    for (long n = 1;; n++) {
        struct store *store;
        sqlite_fail_at(n);
        int rc = store_open(&p->loop, p->path, NULL, &store, &err);
        bool failed = atomic_load(&sqlite_failed);
        sqlite_fail_at(0);
        if (rc == 0)
            close_store(p, store); /* also where it could do without */
        else if (rc != ERR_NOMEM)
            fail_msg("allocation %ld: %s", n, err.message);
        if (!failed) {
            assert_int_equal(rc, 0);
            return;
        }
    }
}

struct row_of_answers {
    int calls;
    int failed;
    int64_t last;
};

static void in_turn(void *data, int64_t id, const struct error *err)
{
    struct row_of_answers *row = data;
    row->calls++;
    if (err) {
        assert_int_equal(err->code, ERR_NOMEM);
        row->failed++;
        return;
    }
    assert_true(id > row->last);
    row->last = id;
}

static void handing_over_without_memory(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    struct row_of_answers row = {0};
    for (int i = 0; i < 50; i++) {
        state_intent(store_state(store), &c, NULL, in_turn, &row);
        int before = row.calls;
        alloc_fail_at(1);
        state_intent(store_state(store), &c, NULL, in_turn, &row);
        assert_true(alloc_failed());
        alloc_fail_at(0);
        assert_int_equal(row.calls, before); /* not before the call returned */
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(row.calls, 100);
    assert_int_equal(row.failed, 50);
    assert_int_equal(count_changes(store, NULL), 50);
    close_store(p, store);
}

static void the_state_without_memory(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct state *rows = store_state(store);
    struct store_intent c = an_intent(1, "x");
    struct store_run r = a_run("a", "schedule", 7);
    struct store_handled h = {"a", "u1", "m", "41", 1000};
    struct answer answers[6] = {{0}};
    for (int i = 0; i < 6; i++) {
        alloc_fail_at(1);
        if (i == 0)
            state_set_mark(rows, "a", 7, on_answer, &answers[i]);
        else if (i == 1)
            state_remove_mark(rows, "a", on_answer, &answers[i]);
        else if (i == 2)
            state_set_handled(rows, &h, on_answer, &answers[i]);
        else if (i == 3)
            state_run_begin(rows, &r, on_answer, &answers[i]);
        else if (i == 4)
            state_intent(rows, &c, &h, on_answer, &answers[i]);
        else
            state_outcome(rows, &(struct store_outcome){.id = 1, .outcome = "done"}, &h, on_answer, &answers[i]);
        assert_true(alloc_failed());
        alloc_fail_at(0);
        assert_int_equal(answers[i].calls, 0);
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(answers[i].calls, 1);
        assert_int_equal(answers[i].err.code, ERR_NOMEM);
    }
    assert_int_equal(count_changes(store, NULL), 0);
    assert_int_equal(count_runs(store, NULL, false), 0);
    close_store(p, store);
}

static void the_reserve_is_used_up(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    for (int turn = 0; turn < 2; turn++) { /* and is there again the next time */
        struct row_of_answers row = {0};
        for (int i = 0; i < 100; i++) {
            alloc_fail_at(1);
            state_intent(store_state(store), &c, NULL, in_turn, &row);
        }
        alloc_fail_at(0);
        assert_int_equal(row.calls, 36);
        uv_run(&p->loop, UV_RUN_DEFAULT);
        assert_int_equal(row.calls, 100);
        assert_int_equal(row.failed, 100);
    }
    close_store(p, store);
}

static void working_without_memory_for_sqlite(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    int64_t confirmed = 0;
    bool failed = true;
    for (long n = 1; failed; n++) {
        struct row_of_answers row = {0};
        struct answer last = {0};
        struct store_intent c = an_intent(1, "x");
        struct store_run r = a_run("a", "schedule", n);
        sqlite_fail_at(n);
        state_intent(store_state(store), &c, NULL, in_turn, &row);
        state_run_begin(store_state(store), &r, NULL, NULL);
        state_outcome(store_state(store), &(struct store_outcome){.id = 1, .outcome = "done", .ended_at = 1}, NULL,
                      NULL, NULL);
        state_intent(store_state(store), &c, NULL, in_turn, &row);
        state_set_mark(store_state(store), "a", n, on_answer, &last);
        await_answer(p, &last);
        assert_int_equal(row.calls, 2);
        confirmed += 2 - row.failed;
        failed = atomic_load(&sqlite_failed);
        sqlite_fail_at(0);
        assert_int_equal(count_changes(store, NULL), confirmed); /* confirmed or not there at all */
    }
    assert_true(confirmed > 2);
    close_store(p, store);
}

static bool ignore(void *data, const struct store_change *c)
{
    ++*(int *)data;
    return c != NULL;
}

static void reading_without_memory(void **state)
{
    struct place *p = *state;
    struct store *store = open_store(p);
    struct store_intent c = an_intent(1, "x");
    add_change(p, store, &c);
    struct store_filter filter = {.name = "x", .limit = 3};
    struct error err;
    for (long n = 1;; n++) {
        int rows = 0;
        alloc_fail_at(n);
        int rc = journal_read_changes(store_journal(store), &filter, ignore, &rows, &err);
        bool failed = alloc_failed();
        alloc_fail_at(0);
        assert_int_equal(rc, failed ? ERR_NOMEM : 0);
        if (!failed)
            break;
    }
    for (long n = 1;; n++) {
        int rows = 0;
        sqlite_fail_at(n);
        int rc = journal_read_changes(store_journal(store), &filter, ignore, &rows, &err);
        bool failed = atomic_load(&sqlite_failed);
        sqlite_fail_at(0);
        assert_true(rc == ERR_NOMEM || (rc == 0 && rows == 1));
        if (!failed)
            break;
    }
    close_store(p, store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opening_without_memory),      TEST(opening_without_memory_for_sqlite),
        TEST(handing_over_without_memory), TEST(the_state_without_memory),
        TEST(the_reserve_is_used_up),      TEST(working_without_memory_for_sqlite),
        TEST(reading_without_memory),
    };
    if (take_over_memory())
        return 1;
    return cmocka_run_group_tests_name("store_alloc", tests, NULL, NULL);
}
