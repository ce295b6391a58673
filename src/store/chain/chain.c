/* SPDX-License-Identifier: Apache-2.0 */
/* The writing end of the chain: an entry in the transaction of each row that is written. */
#include <string.h>

#include "store/chain/chain_parts.h"

#define SHORTEN_STEP 2000 /* more than the entries of the rows that old_rows.c removes in a step */

static int prepare(struct chain *c, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

static int read_sum(sqlite3_stmt *statement, int column, unsigned char sum[CHAIN_SUM])
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (!bytes || sqlite3_column_bytes(statement, column) != CHAIN_SUM)
        return SQLITE_CORRUPT;
    memcpy(sum, bytes, CHAIN_SUM);
    return SQLITE_OK;
}

static int read_end(struct chain *c)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(c->db,
                                "SELECT * FROM (SELECT seq, sum FROM chain ORDER BY seq DESC LIMIT 1)"
                                " UNION ALL SELECT seq, sum FROM chain_start LIMIT 1",
                                -1, &statement, NULL);
    if (rc)
        return rc;
    rc = sqlite3_step(statement);
    int found = rc == SQLITE_ROW ? read_sum(statement, 1, c->sum) : SQLITE_CORRUPT;
    if (found == SQLITE_OK)
        c->seq = sqlite3_column_int64(statement, 0);
    int end = sqlite3_finalize(statement);
    return end ? end : found;
}

int chain_open(struct chain *c, sqlite3 *db)
{
    *c = (struct chain){.db = db};
    int rc = summer_open(&c->summer) ? SQLITE_OK : SQLITE_NOMEM;
    if (rc == SQLITE_OK)
        rc = prepare(c, CHAIN_OF_RUNS " WHERE id=?", &c->row_of_run);
    if (rc == SQLITE_OK)
        rc = prepare(c, CHAIN_OF_CHANGES " WHERE id=?", &c->row_of_change);
    if (rc == SQLITE_OK)
        rc = prepare(c, "INSERT INTO chain(seq, what, row, at, digest, sum) VALUES(?,?,?,?,?,?)", &c->add);
    if (rc == SQLITE_OK)
        rc = read_end(c);
    chain_commit(c);
    return rc;
}

void chain_commit(struct chain *c)
{
    c->committed = c->seq;
    memcpy(c->committed_sum, c->sum, CHAIN_SUM);
}

void chain_rollback(struct chain *c)
{
    c->seq = c->committed;
    memcpy(c->sum, c->committed_sum, CHAIN_SUM);
}

void chain_close(struct chain *c)
{
    sqlite3_finalize(c->row_of_run);
    sqlite3_finalize(c->row_of_change);
    sqlite3_finalize(c->add);
    summer_close(&c->summer);
    *c = (struct chain){0};
}

static int append(struct chain *c, struct chain_entry *entry)
{
    entry->seq = c->seq + 1;
    if (!summer_entry(&c->summer, c->sum, entry))
        return SQLITE_NOMEM;
    int rc = sqlite3_bind_int64(c->add, 1, entry->seq);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int(c->add, 2, (int)entry->what);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(c->add, 3, entry->row);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_int64(c->add, 4, entry->at);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(c->add, 5, entry->digest, CHAIN_SUM, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_blob(c->add, 6, entry->sum, CHAIN_SUM, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(c->add);
    sqlite3_reset(c->add);
    sqlite3_clear_bindings(c->add); /* they go with the entry */
    if (rc != SQLITE_DONE)
        return rc;
    c->seq = entry->seq;
    memcpy(c->sum, entry->sum, CHAIN_SUM);
    return SQLITE_OK;
}

/* The entry of the row that the statement stands at. */
static int of_row(struct chain *c, sqlite3_stmt *row, struct chain_entry *entry)
{
    entry->at = sqlite3_column_int64(row, 0);
    return summer_row(&c->summer, row, 1, entry->digest) ? SQLITE_OK : SQLITE_NOMEM;
}

int chain_add(struct chain *c, enum chain_what what, int64_t row)
{
    sqlite3_stmt *statement = what == CHAIN_RUN ? c->row_of_run : c->row_of_change;
    struct chain_entry entry = {.what = what, .row = row};
    sqlite3_bind_int64(statement, 1, row);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        rc = of_row(c, statement, &entry);
    else if (rc == SQLITE_DONE)
        rc = SQLITE_CORRUPT; /* it was written a moment ago */
    sqlite3_reset(statement);
    return rc == SQLITE_OK ? append(c, &entry) : rc;
}

int chain_add_leave(struct chain *c, int64_t before_us)
{
    struct chain_entry entry = {.what = CHAIN_LEAVE, .at = before_us};
    return append(c, &entry);
}

/* ---- the front ---- */

/* The last of the first entries whose rows have all left. seq 0: the first one's row is there. */
static int find_front(struct chain *c, struct chain_entry *last, int *count)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(
        c->db,
        "SELECT seq, sum, CASE what WHEN 1 THEN EXISTS(SELECT 1 FROM runs WHERE id=row)"
        " WHEN 2 THEN EXISTS(SELECT 1 FROM changes WHERE id=row) ELSE 0 END FROM chain ORDER BY seq LIMIT ?",
        -1, &statement, NULL);
    if (rc)
        return rc;
    sqlite3_bind_int(statement, 1, SHORTEN_STEP);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && !sqlite3_column_int(statement, 2)) {
        rc = read_sum(statement, 1, last->sum);
        if (rc)
            break;
        last->seq = sqlite3_column_int64(statement, 0);
        (*count)++;
    }
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? end : rc;
}

static int cut(struct chain *c, const struct chain_entry *last)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(c->db, "UPDATE chain_start SET seq=?, sum=?", -1, &statement, NULL);
    if (rc)
        return rc;
    sqlite3_bind_int64(statement, 1, last->seq);
    sqlite3_bind_blob(statement, 2, last->sum, CHAIN_SUM, SQLITE_STATIC);
    sqlite3_step(statement);
    rc = sqlite3_finalize(statement);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(c->db, "DELETE FROM chain WHERE seq<=?", -1, &statement, NULL);
    if (rc)
        return rc;
    sqlite3_bind_int64(statement, 1, last->seq);
    sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

int chain_shorten(struct chain *c, int *removed)
{
    struct chain_entry last = {0};
    *removed = 0;
    int rc = find_front(c, &last, removed);
    return rc || *removed == 0 ? rc : cut(c, &last);
}

/* ---- the rows of a schema without a chain ---- */

static int fill_from(struct chain *c, const char *rows, enum chain_what what, int id)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(c->db, rows, -1, &statement, NULL);
    if (rc)
        return rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct chain_entry entry = {.what = what, .row = sqlite3_column_int64(statement, id)};
        rc = of_row(c, statement, &entry);
        if (rc == SQLITE_OK)
            rc = append(c, &entry);
        if (rc)
            break;
    }
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? end : rc;
}

int chain_fill(sqlite3 *db)
{
    struct chain c;
    int rc = chain_open(&c, db);
    if (rc == SQLITE_OK)
        rc = fill_from(&c, CHAIN_OF_RUNS " ORDER BY id", CHAIN_RUN, 1);
    if (rc == SQLITE_OK)
        rc = fill_from(&c, CHAIN_OF_CHANGES " ORDER BY id", CHAIN_CHANGE, 1);
    chain_close(&c);
    return rc;
}
