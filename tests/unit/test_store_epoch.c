/* SPDX-License-Identifier: Apache-2.0 */
/* Who wrote it: each opening has a higher number, and files of before the numbers get them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store_help.h"

static void each_opening_has_a_higher_one(void **state)
{
    struct place *p = *state;
    for (int64_t wanted = 1; wanted <= 3; wanted++) {
        struct store *store = open_store(p);
        assert_int_equal(state_epoch(store_state(store)), wanted); /* also where nothing was written */
        close_store(p, store);
    }
}

static void also_after_a_kill(void **state)
{
    struct place *p = *state;
    for (int64_t wanted = 1; wanted <= 3; wanted++) {
        int status;
        pid_t pid = fork();
        assert_int_not_equal(pid, -1);
        if (pid == 0) {
            struct store *store;
            uv_loop_t loop;
            if (uv_loop_init(&loop) || store_open(&loop, p->path, NULL, &store, NULL))
                _exit(1);
            if (state_epoch(store_state(store)) != wanted)
                _exit(2);
            kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
    }
}

static void memory_begins_with_one(void **state)
{
    struct place *p = *state;
    strcpy(p->path, ":memory:");
    for (int i = 0; i < 2; i++) {
        struct store *store = open_store(p);
        assert_int_equal(state_epoch(store_state(store)), 1);
        close_store(p, store);
    }
}

/* What mpijobd wrote with schema 4, as it was released, with a row of each table. */
static const char schema_4[] =
    "PRAGMA application_id = 0x4d504a64;"
    "CREATE TABLE schema_version(version INTEGER PRIMARY KEY, since INTEGER NOT NULL);"
    "INSERT INTO schema_version VALUES(1, 0), (2, 0), (3, 0), (4, 0);"
    "CREATE TABLE runs("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, policy TEXT NOT NULL, \"trigger\" TEXT NOT NULL,"
    " scheduled_at INTEGER NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0,"
    " outcome TEXT, message TEXT, changed INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,"
    " failed INTEGER NOT NULL DEFAULT 0, dry_run INTEGER NOT NULL);"
    "CREATE INDEX runs_policy ON runs(policy);"
    "CREATE INDEX runs_unfinished ON runs(id) WHERE outcome IS NULL;"
    "CREATE INDEX runs_age ON runs(max(started_at, ended_at)) WHERE outcome IS NOT NULL;"
    "CREATE TABLE changes("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, policy TEXT NOT NULL, server TEXT, version TEXT,"
    " name_space TEXT, name TEXT, uid TEXT, resource_version TEXT, verb TEXT NOT NULL, diff TEXT, effect TEXT, why "
    "TEXT,"
    " intended_at INTEGER NOT NULL, ended_at INTEGER NOT NULL DEFAULT 0, outcome TEXT,"
    " status INTEGER NOT NULL DEFAULT 0, message TEXT, resource_version_after TEXT);"
    "CREATE INDEX changes_run ON changes(run);"
    "CREATE INDEX changes_job ON changes(name_space, name);"
    "CREATE INDEX changes_in_flight ON changes(id) WHERE outcome IS NULL;"
    "CREATE INDEX changes_age ON changes(max(intended_at, ended_at)) WHERE outcome IS NOT NULL;"
    "CREATE TABLE marks(policy TEXT PRIMARY KEY, scheduled_at INTEGER NOT NULL) WITHOUT ROWID;"
    "ALTER TABLE runs ADD COLUMN cluster TEXT NOT NULL DEFAULT 'default';"
    "ALTER TABLE changes ADD COLUMN cluster TEXT NOT NULL DEFAULT 'default';"
    "CREATE TABLE handled(policy TEXT NOT NULL, uid TEXT NOT NULL, value TEXT NOT NULL, version TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY(policy, uid)) WITHOUT ROWID;"
    "ALTER TABLE changes ADD COLUMN resource TEXT NOT NULL DEFAULT 'mpijobs.kubeflow.org';"
    "ALTER TABLE changes ADD COLUMN observed TEXT;"
    "ALTER TABLE changes ADD COLUMN observed_at INTEGER NOT NULL DEFAULT 0;"
    "INSERT INTO runs VALUES(7, 'p', 'schedule', 100, 105, 200, 'done', NULL, 1, 0, 0, 0, 'lab');"
    "INSERT INTO changes VALUES(41, 7, 'p', 'https://127.0.0.1:6443', 'kubeflow.org/v1', 'train', 'old', 'u1', '4711',"
    " 'replace', '[]', 'effective', 'so it is', 110, 120, 'done', 200, NULL, '4712', 'lab', 'pods', 'seen', 130);"
    "INSERT INTO marks VALUES('p@lab', 100);"
    "INSERT INTO handled VALUES('p@lab', 'u1', 'm', '4712', 120);";

static void make_old(const char *path)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, schema_4, NULL, NULL, &message))
        fail_msg("%s", message);
    sqlite3_close(db);
}

struct seen {
    int count;
    bool old, new;
    int64_t epoch; /* of the new one */
};

static bool see(void *data, const struct store_change *c)
{
    struct seen *seen = data;
    seen->count++;
    if (strcmp(c->name, "old") != 0) {
        seen->new = c->id == 42; /* the numbers go on */
        seen->epoch = c->epoch;
        return true;
    }
    seen->old = c->id == 41 && c->run == 7 && c->intended_at == 110 && c->ended_at == 120 && c->status == 200 &&
                c->observed_at == 130 && strcmp(c->cluster, "lab") == 0 && strcmp(c->resource, "pods") == 0 &&
                strcmp(c->observed, "seen") == 0 && strcmp(c->resource_version_after, "4712") == 0 && !c->message;
    assert_int_equal(c->epoch, 0); /* unknown */
    return true;
}

static bool is_handled(void *data, const struct store_handled *h)
{
    *(bool *)data =
        strcmp(h->uid, "u1") == 0 && strcmp(h->value, "m") == 0 && strcmp(h->version, "4712") == 0 && h->at == 120;
    return true;
}

static void an_older_file_is_brought_up_to_date(void **state)
{
    struct place *p = *state;
    struct store *store;
    struct error err;
    make_old(p->path);
    assert_int_equal(store_open_reader(p->path, &store, &err), ERR_INVALID);
    assert_true(err.retryable); /* a daemon does it */

    store = open_store(p);
    assert_int_equal(state_epoch(store_state(store)), 1);
    struct store_intent change = an_intent(8, "new");
    add_change(p, store, &change);
    struct seen seen = {0};
    assert_int_equal(journal_read_changes(store_journal(store), NULL, see, &seen, NULL), 0);
    assert_int_equal(seen.count, 2);
    assert_true(seen.old);
    assert_true(seen.new);
    assert_int_equal(seen.epoch, 1);
    assert_int_equal(count_runs(store, &(struct store_filter){.run = 7, .cluster = "lab"}, false), 1);

    int64_t at = 0;
    bool found, handled = false;
    assert_int_equal(state_read_mark(store_state(store), "p@lab", &at, &found, NULL), 0);
    assert_true(found);
    assert_int_equal(at, 100);
    assert_int_equal(state_read_handled(store_state(store), "p@lab", is_handled, &handled, NULL), 0);
    assert_true(handled);
    close_store(p, store);

    store = open_store(p);
    assert_int_equal(state_epoch(store_state(store)), 2);
    close_store(p, store);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_opening_has_a_higher_one),
        TEST(also_after_a_kill),
        TEST(memory_begins_with_one),
        TEST(an_older_file_is_brought_up_to_date),
    };
    return cmocka_run_group_tests_name("store_epoch", tests, NULL, NULL);
}
