/* SPDX-License-Identifier: Apache-2.0 */
/* Reading all of it, whatever columns the schema gives a table. */
#include "store/whole/every_row.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/parts.h"

static struct store_cell cell(sqlite3_stmt *s, int i)
{
    struct store_cell c = {.name = sqlite3_column_name(s, i)};
    int type = sqlite3_column_type(s, i);
    if (type == SQLITE_NULL)
        return c;
    if (type == SQLITE_INTEGER) {
        c.kind = STORE_CELL_NUMBER;
        c.number = sqlite3_column_int64(s, i);
        return c;
    }
    c.kind = type == SQLITE_BLOB ? STORE_CELL_BYTES : STORE_CELL_TEXT; /* a fraction, which no column has, as text */
    const char *bytes = type == SQLITE_BLOB ? sqlite3_column_blob(s, i) : (const char *)sqlite3_column_text(s, i);
    c.bytes = str_n(bytes ? bytes : "", (size_t)sqlite3_column_bytes(s, i));
    return c;
}

/* *more: it was not stopped. */
static int table(sqlite3 *db, const struct store_rows *rows, const char *name, const char *order, bool *more)
{
    char sql[128];
    sqlite3_stmt *s;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", name, order);
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc)
        return rc;
    int count = sqlite3_column_count(s);
    struct store_cell *cells = calloc((size_t)count, sizeof *cells);
    rc = cells ? SQLITE_OK : SQLITE_NOMEM;
    while (cells && *more && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            cells[i] = cell(s, i);
        *more = rows->row(rows->data, name, cells, count);
    }
    free(cells);
    int end = sqlite3_finalize(s);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : end ? end : rc;
}

static int head_of(sqlite3 *db, int version, char head[CHAIN_HEAD_SIZE])
{
    struct chain chain;
    head[0] = '\0';
    if (version < STORE_CHAIN_SINCE)
        return SQLITE_OK;
    int rc = chain_open(&chain, db);
    if (rc == SQLITE_OK)
        chain_head_text(chain.committed, chain.committed_sum, head);
    chain_close(&chain);
    return rc;
}

static int read_all(sqlite3 *db, const struct store_rows *rows, int version)
{
    static const struct {
        const char *name, *order;
        int since;
    } tables[] = {{"schema_version", "version", 1},
                  {"epoch", "number", 5},
                  {"runs", "id", 1},
                  {"changes", "id", 1},
                  {"marks", "policy", 1},
                  {"handled", "policy, uid", 3},
                  {"kept", "space, key", 6},
                  {"recordings", "run", 10},
                  {"recorded", "run, part", 10},
                  {"chain_start", "seq", 8},
                  {"chain", "seq", 8}};
    char head[CHAIN_HEAD_SIZE];
    int rc = head_of(db, version, head);
    bool more = rc == SQLITE_OK && rows->begin(rows->data, version, head);
    for (size_t i = 0; rc == SQLITE_OK && more && i < sizeof tables / sizeof *tables; i++)
        rc = tables[i].since <= version ? table(db, rows, tables[i].name, tables[i].order, &more) : SQLITE_OK;
    return rc;
}

int store_each_row(const struct store_rows *rows, struct error *err)
{
    struct store *s;
    int version;
    int rc = store_open_any(rows->path, &s, err);
    if (rc)
        return rc;
    rc = sqlite3_exec(s->reader, "BEGIN", NULL, NULL, NULL);
    rc = rc ? fail_sqlite(s->reader, rc, rows->path, err)
            : schema_look(s->reader, rows->path, schema_newest, &version, err);
    if (rc == 0) {
        rc = read_all(s->reader, rows, version);
        rc = rc ? fail_sqlite(s->reader, rc, rows->path, err) : 0;
    }
    if (!sqlite3_get_autocommit(s->reader))
        sqlite3_exec(s->reader, "ROLLBACK", NULL, NULL, NULL);
    store_free(s);
    return rc;
}
