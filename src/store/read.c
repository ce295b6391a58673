/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the journal: filters as SQL, rows as structs; and how anything is read of the database. */
#include <string.h>

#include "base/buf.h"
#include "store/parts.h"

/* Of a run that has not ended, and of one that was interrupted, whose changes may be looked up after its end, the rows
 * of its changes are counted. */
#define COUNTED(column, outcomes)                                                                                      \
    "CASE WHEN outcome IS NULL OR outcome = 'interrupted' THEN max(" column ", (SELECT count(*) FROM changes"          \
    " WHERE run = runs.id AND changes.outcome IN (" outcomes "))) ELSE " column " END"
#define RUN_COLUMNS                                                                                                    \
    "id, policy, \"trigger\", scheduled_at, started_at, ended_at, outcome, message, " COUNTED(                         \
        "changed",                                                                                                     \
        "'done', 'done-unseen'") ", unchanged, " COUNTED("failed",                                                     \
                                                         "'failed', 'lost'") ", "                                      \
                                                                             "dry_run, cluster, who, who_uid, file, "  \
                                                                             "file_sha256, traceparent"
/* The row of a run's change has nobody of its own: the run has who asked for it. */
#define ASKED_BY(column)                                                                                               \
    "CASE WHEN who IS NULL THEN (SELECT runs." column " FROM runs WHERE runs.id = changes.run) ELSE " column " END"
#define CHANGE_COLUMNS                                                                                                 \
    "id, run, policy, server, version, name_space, name, uid, resource_version, verb, diff, effect, why, "             \
    "intended_at, "                                                                                                    \
    "ended_at, outcome, status, message, resource_version_after, cluster, resource, observed, observed_at, "           \
    "epoch, " ASKED_BY("who") ", " ASKED_BY("who_uid") ", traceparent, frees"

#define OF_ITS_RUN(column) ", (SELECT " column " FROM runs WHERE runs.id = changes.run)"

/* A query under construction. The values are bound by name, so that any part may be left out. */
struct query {
    struct buf sql;
    bool where;
};

static void condition(struct query *q, bool wanted, const char *text)
{
    if (!wanted)
        return;
    buf_puts(&q->sql, q->where ? " AND " : " WHERE ");
    buf_puts(&q->sql, text);
    q->where = true;
}

static void order(struct query *q, const struct store_filter *f)
{
    buf_puts(&q->sql, f->oldest_first ? " ORDER BY id" : " ORDER BY id DESC");
    if (f->limit > 0)
        buf_puts(&q->sql, " LIMIT :limit");
}

static void changes_query(struct query *q, const struct store_filter *f)
{
    buf_puts(&q->sql, "SELECT " CHANGE_COLUMNS);
    if (f->with_run)
        buf_puts(&q->sql, OF_ITS_RUN("\"trigger\"") OF_ITS_RUN("file") OF_ITS_RUN("file_sha256"));
    else
        buf_puts(&q->sql, ", NULL, NULL, NULL");
    buf_puts(&q->sql, " FROM changes");
    condition(q, f->run != 0, "run = :run");
    condition(q, f->policy, "policy = :policy");
    condition(q, f->cluster, "cluster = :cluster");
    condition(q, f->name_space, "name_space = :name_space");
    condition(q, f->name, "name = :name");
    condition(q, f->since != 0, "intended_at >= :since");
    condition(q, f->in_flight, "outcome IS NULL");
    condition(q, f->outcome, "outcome = :outcome");
    condition(q, f->before != 0, "id < :before");
    order(q, f);
}

static void runs_query(struct query *q, const struct store_filter *f, bool unfinished_only)
{
    buf_puts(&q->sql, "SELECT " RUN_COLUMNS " FROM runs");
    condition(q, f->run != 0, "id = :run");
    condition(q, f->policy, "policy = :policy");
    condition(q, f->cluster, "cluster = :cluster");
    condition(q, f->since != 0, "started_at >= :since");
    condition(q, unfinished_only, "outcome IS NULL");
    condition(q, f->outcome, "outcome = :outcome");
    condition(q, f->before != 0, "id < :before");
    if (f->name_space || f->name || f->in_flight) {
        condition(q, true, "id IN (SELECT run FROM changes WHERE run > 0");
        condition(q, f->name_space, "name_space = :name_space");
        condition(q, f->name, "name = :name");
        condition(q, f->in_flight, "outcome IS NULL");
        buf_putc(&q->sql, ')');
    }
    order(q, f);
}

static int bind_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    return at && text ? sqlite3_bind_text(statement, at, text, -1, SQLITE_TRANSIENT) : SQLITE_OK;
}

static int bind_number(sqlite3_stmt *statement, const char *name, int64_t number)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    return at ? sqlite3_bind_int64(statement, at, number) : SQLITE_OK;
}

static int bind_filter(sqlite3_stmt *statement, const struct store_filter *f)
{
    int rc = bind_number(statement, ":run", f->run);
    if (rc == 0)
        rc = bind_number(statement, ":limit", f->limit);
    if (rc == 0)
        rc = bind_number(statement, ":since", f->since);
    if (rc == 0)
        rc = bind_number(statement, ":before", f->before);
    if (rc == 0)
        rc = bind_text(statement, ":outcome", f->outcome);
    if (rc == 0)
        rc = bind_text(statement, ":policy", f->policy);
    if (rc == 0)
        rc = bind_text(statement, ":cluster", f->cluster);
    if (rc == 0)
        rc = bind_text(statement, ":name_space", f->name_space);
    return rc ? rc : bind_text(statement, ":name", f->name);
}

static const char *text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static struct store_change change_of(sqlite3_stmt *s)
{
    return (struct store_change){.id = sqlite3_column_int64(s, 0),
                                 .run = sqlite3_column_int64(s, 1),
                                 .policy = text(s, 2),
                                 .server = text(s, 3),
                                 .version = text(s, 4),
                                 .name_space = text(s, 5),
                                 .name = text(s, 6),
                                 .uid = text(s, 7),
                                 .resource_version = text(s, 8),
                                 .verb = text(s, 9),
                                 .diff = text(s, 10),
                                 .effect = text(s, 11),
                                 .why = text(s, 12),
                                 .intended_at = sqlite3_column_int64(s, 13),
                                 .ended_at = sqlite3_column_int64(s, 14),
                                 .outcome = text(s, 15),
                                 .status = sqlite3_column_int(s, 16),
                                 .message = text(s, 17),
                                 .resource_version_after = text(s, 18),
                                 .cluster = text(s, 19),
                                 .resource = text(s, 20),
                                 .observed = text(s, 21),
                                 .observed_at = sqlite3_column_int64(s, 22),
                                 .epoch = sqlite3_column_int64(s, 23),
                                 .who = text(s, 24),
                                 .who_uid = sqlite3_column_int64(s, 25),
                                 .traceparent = text(s, 26),
                                 .frees = text(s, 27),
                                 .trigger = text(s, 28),
                                 .file = text(s, 29),
                                 .file_sha256 = text(s, 30)};
}

static struct store_run run_of(sqlite3_stmt *s)
{
    return (struct store_run){.id = sqlite3_column_int64(s, 0),
                              .policy = text(s, 1),
                              .trigger = text(s, 2),
                              .scheduled_at = sqlite3_column_int64(s, 3),
                              .started_at = sqlite3_column_int64(s, 4),
                              .ended_at = sqlite3_column_int64(s, 5),
                              .outcome = text(s, 6),
                              .message = text(s, 7),
                              .changed = sqlite3_column_int64(s, 8),
                              .unchanged = sqlite3_column_int64(s, 9),
                              .failed = sqlite3_column_int64(s, 10),
                              .dry_run = sqlite3_column_int(s, 11) != 0,
                              .cluster = text(s, 12),
                              .who = text(s, 13),
                              .who_uid = sqlite3_column_int64(s, 14),
                              .file = text(s, 15),
                              .file_sha256 = text(s, 16),
                              .traceparent = text(s, 17)};
}

/* A query, and who gets its rows: either of the two functions is set. */
struct reading {
    struct query query;
    const struct store_filter *filter;
    bool (*change)(void *, const struct store_change *);
    bool (*run)(void *, const struct store_run *);
    void *data;
};

static bool give(const struct reading *to, sqlite3_stmt *statement)
{
    if (to->change) {
        struct store_change change = change_of(statement);
        return to->change(to->data, &change);
    }
    struct store_run run = run_of(statement);
    return to->run(to->data, &run);
}

static int rows(sqlite3 *db, void *data)
{
    struct reading *r = data;
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, r->query.sql.ptr, -1, &statement, NULL);
    if (rc)
        return rc;
    rc = bind_filter(statement, r->filter);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        rc = give(r, statement) ? SQLITE_OK : SQLITE_DONE;
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int read_rows(struct journal *journal, struct reading *r, struct error *err)
{
    int rc = buf_result(&r->query.sql, "a query of the journal", err);
    if (rc == 0)
        rc = store_read(journal->store, rows, r, err);
    buf_free(&r->query.sql);
    return rc;
}

static const struct store_filter everything;

int journal_read_changes(struct journal *journal, const struct store_filter *filter,
                         bool (*row)(void *data, const struct store_change *change), void *data, struct error *err)
{
    struct reading r = {.filter = filter ? filter : &everything, .change = row, .data = data};
    changes_query(&r.query, r.filter);
    return read_rows(journal, &r, err);
}

int journal_read_runs(struct journal *journal, const struct store_filter *filter, bool unfinished_only,
                      bool (*row)(void *data, const struct store_run *run), void *data, struct error *err)
{
    struct reading r = {.filter = filter ? filter : &everything, .run = row, .data = data};
    runs_query(&r.query, r.filter, unfinished_only);
    return read_rows(journal, &r, err);
}

/* A database in memory has one connection, which the thread uses too. */
int store_read(struct store *s, int (*read)(sqlite3 *db, void *data), void *data, struct error *err)
{
    if (!s->reader)
        return error_set(err, ERR_CANCELLED, "the journal %s is closed or closing", s->path);
    if (s->writer.memory)
        uv_mutex_lock(&s->db);
    int rc = read(s->reader, data);
    if (rc)
        rc = fail_sqlite(s->reader, rc, s->path, err);
    if (s->writer.memory)
        uv_mutex_unlock(&s->db);
    return rc;
}
