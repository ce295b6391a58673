/* SPDX-License-Identifier: Apache-2.0 */
/* The state in SQLite: it shares the journal's database and thread, so what belongs together is one transaction. */
#include "store/parts.h"

static struct store *store_of(struct state *state)
{
    return ((struct sqlite_state *)state)->store;
}

/* ---- reading ---- */

struct mark_query {
    const char *key;
    int64_t scheduled_at;
    bool found;
};

static int find_mark(sqlite3 *db, void *data)
{
    struct mark_query *q = data;
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, "SELECT scheduled_at FROM marks WHERE policy = ?", -1, &statement, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_text(statement, 1, q->key, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    q->found = rc == SQLITE_ROW;
    if (q->found)
        q->scheduled_at = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_mark(struct state *state, const char *key, int64_t *scheduled_at, bool *found, struct error *err)
{
    struct mark_query q = {.key = key};
    int rc = store_read(store_of(state), find_mark, &q, err);
    *found = q.found;
    if (q.found)
        *scheduled_at = q.scheduled_at;
    return rc;
}

struct handled_query {
    const char *key;
    bool (*row)(void *data, const struct store_handled *row);
    void *data;
};

static const char *text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static int handled_rows(sqlite3 *db, void *data)
{
    static const char sql[] = "SELECT policy, uid, value, version, at FROM handled WHERE policy = ?";
    struct handled_query *q = data;
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_text(s, 1, q->key, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_handled h = {text(s, 0), text(s, 1), text(s, 2), text(s, 3), sqlite3_column_int64(s, 4)};
        rc = q->row(q->data, &h) ? SQLITE_OK : SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_handled(struct state *state, const char *key, bool (*row)(void *data, const struct store_handled *row),
                        void *data, struct error *err)
{
    return store_read(store_of(state), handled_rows, &(struct handled_query){key, row, data}, err);
}

/* The journal says what its runs have changed, and which of them are open. */
static int read_changed(struct state *state, const char *key, int64_t scheduled_at,
                        bool (*uid)(void *data, const char *uid), void *data, struct error *err)
{
    (void)state, (void)key, (void)scheduled_at, (void)uid, (void)data, (void)err;
    return 0;
}

static bool run_is_open(struct state *state, int64_t run)
{
    (void)state, (void)run;
    return true;
}

static bool change_is_open(struct state *state, const struct state_begun *change)
{
    (void)state, (void)change;
    return true;
}

/* ---- writing ---- */

static void set_mark(struct state *state, const char *key, int64_t scheduled_at, store_done done, void *data)
{
    queue_submit(store_of(state), op_of_mark(OP_MARK, key, scheduled_at), 0, STORE_NOW, done, data);
}

static void remove_mark(struct state *state, const char *key, store_done done, void *data)
{
    queue_submit(store_of(state), op_of_mark(OP_UNMARK, key, 0), 0, STORE_NOW, done, data);
}

static void set_handled(struct state *state, const struct store_handled *row, store_done done, void *data)
{
    queue_submit(store_of(state), op_of_handled(row), 0, STORE_SOON, done, data);
}

static void keep(struct state *state, const struct store_kept *row, bool soon, store_done done, void *data)
{
    if (soon)
        queue_submit(store_of(state), op_of_kept(row), 0, STORE_SOON, done, data);
    else
        store_keep(store_of(state), row, done, data);
}

static int read_kept(struct state *state, const char *space, bool (*row)(void *data, const struct store_kept *row),
                     void *data, struct error *err)
{
    return store_read_kept(store_of(state), space, row, data, err);
}

static void sync_state(struct state *state, store_done done, void *data)
{
    queue_submit(store_of(state), op_of_nothing(), 0, STORE_NOW, done, data);
}

/* ---- with the journal ---- */

static void run_begin(struct state *state, const struct store_run *run, const char *mark, store_done done, void *data)
{
    struct store *store = store_of(state);
    struct store_run numbered = *run;
    numbered.id = journal_next_run(&store->journal, run);
    queue_submit(store, op_of_run(OP_RUN_BEGIN, &numbered, mark), 0, STORE_NOW, done, data);
}

static void run_end(struct state *state, const struct store_run *run, bool soon, store_done done, void *data)
{
    struct journal *journal = &store_of(state)->journal;
    if (soon)
        journal_run_end_soon(journal, run, done, data);
    else
        journal_run_end(journal, run, done, data);
}

static void intent(struct state *state, const struct store_intent *intent, const struct store_handled *handled,
                   store_done done, void *data)
{
    queue_submit(store_of(state), op_of_intent(intent, handled), 0, STORE_NOW, done, data);
}

static void outcome(struct state *state, const struct store_outcome *outcome, const struct store_handled *handled,
                    store_done done, void *data)
{
    int refused = outcome->outcome ? 0 : ERR_INVALID;
    queue_submit(store_of(state), op_of_outcome(outcome, handled), refused, STORE_NOW, done, data);
}

static void observed(struct state *state, const struct store_observation *observation, store_done done, void *data)
{
    journal_observed(&store_of(state)->journal, observation, done, data);
}

const struct state_ops sqlite_state_ops = {
    .read_mark = read_mark,
    .read_handled = read_handled,
    .read_changed = read_changed,
    .run_is_open = run_is_open,
    .change_is_open = change_is_open,
    .set_mark = set_mark,
    .remove_mark = remove_mark,
    .set_handled = set_handled,
    .keep = keep,
    .read_kept = read_kept,
    .sync = sync_state,
    .run_begin = run_begin,
    .run_end = run_end,
    .intent = intent,
    .outcome = outcome,
    .observed = observed,
};
