/* Reading: the filters as SQL, rows as structs. */
#include <string.h>

#include "store/parts.h"

#define RUN_COLUMNS                                                                                                    \
    "id, policy, \"trigger\", scheduled_at, started_at, ended_at, outcome, message, changed, unchanged, failed, "      \
    "dry_run, cluster"
#define CHANGE_COLUMNS                                                                                                 \
    "id, run, policy, server, version, name_space, name, uid, resource_version, verb, diff, effect, why, "             \
    "intended_at, "                                                                                                    \
    "ended_at, outcome, status, message, resource_version_after, cluster, resource, observed, observed_at"

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
    buf_puts(&q->sql, "SELECT " CHANGE_COLUMNS " FROM changes");
    condition(q, f->run != 0, "run = :run");
    condition(q, f->policy, "policy = :policy");
    condition(q, f->cluster, "cluster = :cluster");
    condition(q, f->name_space, "name_space = :name_space");
    condition(q, f->name, "name = :name");
    condition(q, f->in_flight, "outcome IS NULL");
    order(q, f);
}

static void runs_query(struct query *q, const struct store_filter *f, bool unfinished_only)
{
    buf_puts(&q->sql, "SELECT " RUN_COLUMNS " FROM runs");
    condition(q, f->run != 0, "id = :run");
    condition(q, f->policy, "policy = :policy");
    condition(q, f->cluster, "cluster = :cluster");
    condition(q, unfinished_only, "outcome IS NULL");
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
                                 .observed_at = sqlite3_column_int64(s, 22)};
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
                              .cluster = text(s, 12)};
}

/* Either of the two is set. */
struct receiver {
    bool (*change)(void *, const struct store_change *);
    bool (*run)(void *, const struct store_run *);
    void *data;
};

static bool give(const struct receiver *to, sqlite3_stmt *statement)
{
    if (to->change) {
        struct store_change change = change_of(statement);
        return to->change(to->data, &change);
    }
    struct store_run run = run_of(statement);
    return to->run(to->data, &run);
}

static int rows(sqlite3 *db, const char *sql, const struct store_filter *f, const struct receiver *to)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc)
        return rc;
    rc = bind_filter(statement, f);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        rc = give(to, statement) ? SQLITE_OK : SQLITE_DONE;
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Only a database in memory has its one connection shared with the thread. */
static void enter(struct store *s)
{
    if (s->writer.memory)
        uv_mutex_lock(&s->db);
}

static void leave(struct store *s)
{
    if (s->writer.memory)
        uv_mutex_unlock(&s->db);
}

static int read_rows(struct store *s, struct query *q, const struct store_filter *f, const struct receiver *to,
                     struct error *err)
{
    int rc = buf_result(&q->sql, "a query of the journal", err);
    if (rc == 0 && !s->reader)
        rc = error_set(err, ERR_CANCELLED, "the journal %s is closed or closing", s->path);
    if (rc == 0) {
        enter(s);
        int failed = rows(s->reader, q->sql.ptr, f, to);
        if (failed)
            rc = fail_sqlite(s->reader, failed, s->path, err);
        leave(s);
    }
    buf_free(&q->sql);
    return rc;
}

static const struct store_filter everything;

int store_read_changes(struct store *store, const struct store_filter *filter,
                       bool (*row)(void *data, const struct store_change *), void *data, struct error *err)
{
    struct query q = {0};
    filter = filter ? filter : &everything;
    changes_query(&q, filter);
    return read_rows(store, &q, filter, &(struct receiver){.change = row, .data = data}, err);
}

int store_read_runs(struct store *store, const struct store_filter *filter, bool unfinished_only,
                    bool (*row)(void *data, const struct store_run *), void *data, struct error *err)
{
    struct query q = {0};
    filter = filter ? filter : &everything;
    runs_query(&q, filter, unfinished_only);
    return read_rows(store, &q, filter, &(struct receiver){.run = row, .data = data}, err);
}

static int find_mark(sqlite3 *db, const char *policy, int64_t *scheduled_at, bool *found)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, "SELECT scheduled_at FROM marks WHERE policy = ?", -1, &statement, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_text(statement, 1, policy, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    *found = rc == SQLITE_ROW;
    if (*found)
        *scheduled_at = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_read_mark(struct store *store, const char *policy, int64_t *scheduled_at, bool *found, struct error *err)
{
    *found = false;
    if (!store->reader)
        return error_set(err, ERR_CANCELLED, "the journal %s is closed or closing", store->path);
    enter(store);
    int failed = find_mark(store->reader, policy, scheduled_at, found);
    int rc = failed ? fail_sqlite(store->reader, failed, store->path, err) : 0;
    leave(store);
    return rc;
}

static int handled_rows(sqlite3 *db, const char *key, bool (*row)(void *, const struct store_handled *), void *data)
{
    sqlite3_stmt *s;
    int rc =
        sqlite3_prepare_v2(db, "SELECT policy, uid, value, version, at FROM handled WHERE policy = ?", -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_handled h = {text(s, 0), text(s, 1), text(s, 2), text(s, 3), sqlite3_column_int64(s, 4)};
        rc = row(data, &h) ? SQLITE_OK : SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int store_read_handled(struct store *store, const char *key, bool (*row)(void *data, const struct store_handled *row),
                       void *data, struct error *err)
{
    if (!store->reader)
        return error_set(err, ERR_CANCELLED, "the journal %s is closed or closing", store->path);
    enter(store);
    int failed = handled_rows(store->reader, key, row, data);
    int rc = failed ? fail_sqlite(store->reader, failed, store->path, err) : 0;
    leave(store);
    return rc;
}
