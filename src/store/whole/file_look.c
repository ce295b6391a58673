/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at, in this order: SQLite's own check, tables against those that the schema has, rows that name rows
 * which are not there, the chain, and then what is in it. */
#include "store/whole/file_look.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/parts.h"

#define EPOCH_SINCE 5  /* the first schema with this table */
#define FAULTS_MOST 40 /* that are told one by one */
#define BACKUP_BACK "put a backup in its place"

struct look {
    const struct store_looking *how;
    struct store_look *found;
    sqlite3 *db, *model; /* model: an empty file of the same schema */
    bool incomplete;     /* a table or a column is missing: the rest cannot be looked at */
};

__attribute__((format(printf, 3, 4))) static void tell(struct look *l, const char *cure, const char *format, ...)
{
    char what[640];
    va_list args;
    if (l->found->faults++ >= FAULTS_MOST)
        return;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (char *p = what; *p; p++) /* names that another program has made up */
        *p = (unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p;
    l->how->fault(l->how->data, what, cure);
}

/* Calls row for each row; an SQLite result code. */
static int each(sqlite3 *db, const char *sql, void (*row)(struct look *l, sqlite3_stmt *s), struct look *l)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc)
        return rc;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        row(l, s);
    int end = sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : end ? end : rc;
}

static const char *text(sqlite3_stmt *s, int column)
{
    const char *t = (const char *)sqlite3_column_text(s, column);
    return t ? t : "";
}

/* ---- damage ---- */

static void damage(struct look *l, sqlite3_stmt *s)
{
    const char *said = text(s, 0), *below = strchr(said, '\n');
    if (strcmp(said, "ok") == 0)
        return;
    if (below && strncmp(said, "*** in database", 15) == 0) /* the heading above the first of them */
        said = below + 1;
    l->found->damaged = true;
    tell(l, BACKUP_BACK ", or save what can be read with `sqlite3 FILE .recover`", "the file is damaged: %.500s", said);
}

/* ---- tables ---- */

/* type, name and column of all there is; sqlite_stat1 and the like are SQLite's own. */
#define PARTS                                                                                                          \
    "SELECT m.type AS type, m.name AS name, coalesce(c.name, '') AS part FROM sqlite_master m LEFT JOIN"               \
    " pragma_table_xinfo(m.name) c ON m.type = 'table' WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"

/* Has the other database this part? */
static int has(sqlite3 *db, sqlite3_stmt *part, bool *there)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, "SELECT 1 FROM (" PARTS ") WHERE type = ? AND name = ? AND part = ?", -1, &s, NULL);
    for (int i = 0; rc == SQLITE_OK && i < 3; i++)
        rc = sqlite3_bind_text(s, i + 1, text(part, i), -1, SQLITE_TRANSIENT);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    *there = rc == SQLITE_ROW;
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void strange(struct look *l, sqlite3_stmt *s)
{
    bool there = true;
    if (has(l->model, s, &there) || there)
        return;
    const char *of = text(s, 2);
    tell(l,
         strcmp(text(s, 0), "trigger") == 0
             ? "remove it while no daemon runs, and look at what it has changed: `sqlite3 FILE 'DROP TRIGGER ...'`"
             : "remove it while no daemon runs, or leave it: mpijobd does not look at it",
         "the %s %.100s%s%.100s%s does not belong to mpijobd: another program has made it", text(s, 0), text(s, 1),
         *of ? " (column " : "", of, *of ? ")" : "");
}

static void missing(struct look *l, sqlite3_stmt *s)
{
    bool there = true;
    if (has(l->db, s, &there) || there)
        return;
    const char *of = text(s, 2);
    l->incomplete = l->incomplete || strcmp(text(s, 0), "table") == 0;
    tell(l, BACKUP_BACK, "the %s %.100s%s%.100s%s is missing", text(s, 0), text(s, 1), *of ? " (column " : "", of,
         *of ? ")" : "");
}

static int look_at_tables(struct look *l, struct error *err)
{
    int rc = sqlite3_open_v2(STORE_MEMORY, &l->model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc)
        return fail_sqlite(l->model, rc, STORE_MEMORY, err);
    rc = schema_migrate(l->model, STORE_MEMORY, schema_steps, l->found->version, 0, err);
    if (rc)
        return rc;
    rc = each(l->db, PARTS " ORDER BY 1, 2, 3", strange, l);
    if (rc == SQLITE_OK)
        rc = each(l->model, PARTS " ORDER BY 1, 2, 3", missing, l);
    return rc ? fail_sqlite(l->db, rc, l->how->path, err) : 0;
}

/* ---- rows ---- */

/* The first two numbers of the one row that a query has. */
static int numbers(struct look *l, const char *sql, int64_t *one, int64_t *other)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_step(s);
    *one = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    *other = rc == SQLITE_ROW ? sqlite3_column_int64(s, 1) : 0;
    int end = sqlite3_finalize(s);
    return end ? end : rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int look_for_lost_runs(struct look *l)
{
    int64_t count, first;
    int rc = numbers(l,
                     "SELECT count(*), min(id) FROM changes WHERE run > 0 AND NOT EXISTS"
                     " (SELECT 1 FROM runs WHERE runs.id = changes.run)",
                     &count, &first);
    if (count)
        tell(l, "another program has removed runs: " BACKUP_BACK,
             "the runs of %" PRId64 " changes are not there, the first of these is change %" PRId64, count, first);
    return rc;
}

/* Tables of one row, without which no daemon starts. */
static int look_for_one_row(struct look *l, const char *table, int since)
{
    char sql[96];
    int64_t count, none;
    if (l->found->version < since)
        return SQLITE_OK;
    snprintf(sql, sizeof sql, "SELECT count(*), 0 FROM %s", table);
    int rc = numbers(l, sql, &count, &none);
    if (rc == SQLITE_OK && count != 1)
        tell(l, BACKUP_BACK, "the table %s has %" PRId64 " rows, and has to have one", table, count);
    return rc;
}

/* One row for each step that brought it here. */
static int look_at_versions(struct look *l)
{
    int64_t count, first;
    int rc = numbers(l, "SELECT count(DISTINCT version), min(version) FROM schema_version", &count, &first);
    if (rc == SQLITE_OK && (count != l->found->version || first != 1))
        tell(l, BACKUP_BACK, "the table schema_version does not tell of every version up to %d", l->found->version);
    return rc;
}

static int look_at_rows(struct look *l)
{
    int rc = look_at_versions(l);
    if (rc == SQLITE_OK)
        rc = look_for_lost_runs(l);
    if (rc == SQLITE_OK)
        rc = look_for_one_row(l, "epoch", EPOCH_SINCE);
    return rc ? rc : look_for_one_row(l, "chain_start", STORE_CHAIN_SINCE);
}

/* ---- the chain ---- */

static void broken(void *data, const char *text)
{
    const struct look *l = data;
    tell(data,
         l->found->chain.older
             ? "a copy that was put back is older, as it should be; else it was changed past mpijobd: "
               "compare it with a backup, and with the log"
             : "it was changed past mpijobd: compare it with a backup, and with the log",
         "%s", text);
}

static int look_at_chain(struct look *l, struct store *s, struct error *err)
{
    struct chain_report *chain = &l->found->chain;
    l->found->chained = l->found->version >= STORE_CHAIN_SINCE;
    if (!l->found->chained)
        return 0;
    int rc = journal_verify(store_journal(s), l->how->head, broken, l, chain, err);
    if (chain->faults > CHAIN_FAULTS_MOST)
        l->found->faults += chain->faults - CHAIN_FAULTS_MOST;
    return rc;
}

/* ---- what is in it ---- */

static int count(struct look *l)
{
    struct store_look *f = l->found;
    const struct {
        const char *sql;
        int64_t *one, *other;
        int since;
    } counts[] = {
        {"SELECT count(*), coalesce(sum(outcome IS NULL), 0) FROM runs", &f->runs, &f->runs_open, 1},
        {"SELECT count(*), coalesce(sum(outcome IS NULL), 0) FROM changes", &f->changes, &f->changes_open, 1},
        {"SELECT (SELECT count(*) FROM marks), (SELECT coalesce(min(intended_at), 0) FROM changes WHERE outcome IS "
         "NULL)",
         &f->marks, &f->open_since, 1},
        {"SELECT count(*), 0 FROM handled", &f->handled, NULL, 3},
        {"SELECT count(*), 0 FROM kept", &f->kept, NULL, 6},
        {"SELECT count(*), coalesce(sum(size), 0) FROM recordings", &f->recordings, &f->recorded_bytes, 10},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof counts / sizeof *counts; i++) {
        int64_t none;
        if (f->version >= counts[i].since)
            rc = numbers(l, counts[i].sql, counts[i].one, counts[i].other ? counts[i].other : &none);
    }
    return rc;
}

static int64_t size_of(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 ? (int64_t)is.st_size : 0;
}

static void measure(struct look *l)
{
    char wal[PATH_MAX + 8];
    int64_t page = 0, unused = 0;
    snprintf(wal, sizeof wal, "%s-wal", l->how->path);
    (void)schema_number(l->db, "PRAGMA page_size", &page); /* where they fail, so does what follows */
    (void)schema_number(l->db, "PRAGMA freelist_count", &unused);
    l->found->file_bytes = size_of(l->how->path);
    l->found->wal_bytes = size_of(wal);
    l->found->unused_bytes = page * unused;
}

static int look(struct look *l, struct store *s, struct error *err)
{
    int rc = schema_look(l->db, l->how->path, schema_newest, &l->found->version, err);
    if (rc)
        return rc;
    measure(l);
    rc = each(l->db, "PRAGMA integrity_check(20)", damage, l);
    bool unread = rc == SQLITE_ERROR; /* there is something in it that cannot be worked out: the tables tell what */
    if (unread)
        tell(l, BACKUP_BACK, "the file cannot be read to its end: %s", sqlite3_errmsg(l->db));
    else if (l->found->damaged && (rc == SQLITE_OK || rc == SQLITE_CORRUPT)) /* it is told already, with the cure */
        return 0;
    else if (rc)
        return fail_sqlite(l->db, rc, l->how->path, err);
    rc = look_at_tables(l, err);
    l->found->damaged = unread;
    l->incomplete = l->incomplete || unread;
    if (rc || l->incomplete)
        return rc;
    rc = look_at_rows(l);
    if (rc == SQLITE_OK)
        rc = count(l);
    return rc ? fail_sqlite(l->db, rc, l->how->path, err) : look_at_chain(l, s, err);
}

int store_look(const struct store_looking *looking, struct store_look *found, struct error *err)
{
    struct store *s;
    *found = (struct store_look){.newest = schema_newest};
    int rc = store_open_any(looking->path, &s, err);
    if (rc)
        return rc;
    struct look l = {.how = looking, .found = found, .db = s->reader};
    /* All of it is of one instant. */
    rc = sqlite3_exec(l.db, "BEGIN", NULL, NULL, NULL);
    rc = rc ? fail_sqlite(l.db, rc, looking->path, err) : look(&l, s, err);
    if (!sqlite3_get_autocommit(l.db))
        sqlite3_exec(l.db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(l.model);
    store_free(s);
    return rc;
}
