/* SPDX-License-Identifier: Apache-2.0 */
/* Old rows are removed: some at a time, each time in a transaction, in which the chain is told that they leave. */
#include "store/parts.h"

#define STEP "500"

/* What has ended before an instant, and what has ended first: changes, and then the runs that have none left. */
static const char old_changes[] = "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE outcome IS NOT NULL"
                                  " AND max(intended_at, ended_at) < ? LIMIT " STEP ")"
                                  " RETURNING max(intended_at, ended_at)";
static const char old_runs[] = "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE outcome IS NOT NULL"
                               " AND max(started_at, ended_at) < ? AND NOT EXISTS"
                               " (SELECT 1 FROM changes WHERE run = runs.id) LIMIT " STEP ")"
                               " RETURNING max(started_at, ended_at)";
static const char first_changes[] = "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE outcome IS NOT NULL"
                                    " ORDER BY id LIMIT " STEP ") RETURNING max(intended_at, ended_at)";
static const char first_runs[] = "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE outcome IS NOT NULL"
                                 " AND NOT EXISTS (SELECT 1 FROM changes WHERE run = runs.id)"
                                 " ORDER BY id LIMIT " STEP ") RETURNING max(started_at, ended_at)";

/* A recording leaves with its run; where the file is too big, before any run does. */
static const char lost_recordings[] = "DELETE FROM recordings WHERE run IN (SELECT run FROM recordings"
                                      " WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = recordings.run) LIMIT 20)"
                                      " RETURNING 0";
static const char first_recordings[] = "DELETE FROM recordings WHERE run IN (SELECT run FROM recordings"
                                       " ORDER BY run LIMIT 20) RETURNING 0";
static const char lost_parts[] = "DELETE FROM recorded WHERE NOT EXISTS"
                                 " (SELECT 1 FROM recordings WHERE run = recorded.run) RETURNING 0";

/* removed: rows; youngest: the latest of their instants. Rare enough not to keep its statements. */
static int remove_some(struct writer *w, const char *sql, int64_t before, int64_t *removed, int64_t *youngest)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(w->db, sql, -1, &statement, NULL);
    if (rc)
        return rc;
    if (sqlite3_bind_parameter_count(statement))
        sqlite3_bind_int64(statement, 1, before);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t at = sqlite3_column_int64(statement, 0);
        *youngest = at > *youngest ? at : *youngest;
        (*removed)++;
    }
    return sqlite3_finalize(statement);
}

static int64_t pragma(struct writer *w, const char *sql)
{
    int64_t n = 0;
    return schema_number(w->db, sql, &n) == SQLITE_OK ? n : 0;
}

static bool too_big(struct writer *w, const struct op *op)
{
    if (op->of.prune.bytes_max <= 0)
        return false;
    int64_t pages = pragma(w, "PRAGMA page_count") - pragma(w, "PRAGMA freelist_count");
    return pages * pragma(w, "PRAGMA page_size") > op->of.prune.bytes_max;
}

/* What leaves by its age leaves under one entry of the chain; what leaves by the file's size, under one a step. */
static int leave(struct writer *w, struct op *op, int64_t before)
{
    if (before <= op->of.prune.leave)
        return SQLITE_OK;
    op->of.prune.leave = before;
    return chain_add_leave(&w->chain, before);
}

/* The chain has nothing of them. */
static int some_recordings(struct writer *w, const struct op *op, int64_t *removed)
{
    int64_t youngest = 0, parts = 0;
    int rc = remove_some(w, lost_recordings, 0, removed, &youngest);
    if (rc == SQLITE_OK && *removed == 0 && too_big(w, op))
        rc = remove_some(w, first_recordings, 0, removed, &youngest);
    if (rc == SQLITE_OK && *removed)
        rc = remove_some(w, lost_parts, 0, &parts, &youngest);
    packer_forget(w);
    return rc;
}

static int some(struct writer *w, struct op *op, int64_t *removed)
{
    int64_t youngest = 0, before = op->of.prune.before_us;
    int rc = remove_some(w, old_changes, before, removed, &youngest);
    if (rc == SQLITE_OK && *removed == 0)
        rc = remove_some(w, old_runs, before, removed, &youngest);
    if (rc || *removed)
        return rc ? rc : leave(w, op, before);
    rc = some_recordings(w, op, removed);
    if (rc || *removed)
        return rc;
    if (too_big(w, op)) {
        rc = remove_some(w, first_changes, 0, removed, &youngest);
        if (rc == SQLITE_OK && *removed == 0)
            rc = remove_some(w, first_runs, 0, removed, &youngest);
    }
    return rc || *removed == 0 ? rc : leave(w, op, youngest + 1);
}

bool writer_prune(struct writer *w, struct op *op)
{
    int64_t removed = 0;
    int entries = 0, rc = writer_still_there(w);
    if (rc == SQLITE_OK)
        rc = apply_begin(w);
    if (rc == SQLITE_OK)
        rc = some(w, op, &removed);
    if (rc == SQLITE_OK)
        rc = chain_shorten(&w->chain, &entries);
    if (rc == SQLITE_OK)
        rc = apply_commit(w);
    if (rc)
        op->failure = writer_give_up(w, rc);
    else
        chain_commit(&w->chain);
    op->id += removed;
    return rc != SQLITE_OK || (removed == 0 && entries == 0);
}
