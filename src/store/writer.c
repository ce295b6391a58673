/* SPDX-License-Identifier: Apache-2.0 */
/* The connection that writes: opened with its checks, and its transactions. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/failpoint.h"
#include "store/parts.h"

/* A database that was unlinked takes writes as before, and all of them go with the process. */
int writer_still_there(struct writer *w)
{
    int moved = 0;
    if (w->memory || sqlite3_file_control(w->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK)
        return SQLITE_OK;
    return moved ? SQLITE_READONLY_DBMOVED : SQLITE_OK;
}

struct failure writer_give_up(struct writer *w, int rc)
{
    struct failure failure = failure_of(w->db, rc);
    if (!sqlite3_get_autocommit(w->db))
        sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
    chain_rollback(&w->chain);
    packer_forget(w);
    return failure;
}

/* The operations from first to before end, in one transaction. */
static struct failure transaction(struct writer *w, struct op *first, const struct op *end)
{
    int rc = writer_still_there(w);
    if (rc == SQLITE_OK)
        rc = apply_begin(w);
    for (struct op *op = first; op != end && rc == SQLITE_OK; op = op->next)
        if (!op->failure.code)
            rc = apply(w, op);
    FAILPOINT("commit");
    if (rc == SQLITE_OK)
        rc = apply_commit(w);
    FAILPOINT("committed");
    if (rc)
        return writer_give_up(w, rc);
    chain_commit(&w->chain);
    return (struct failure){0};
}

/* What an attempt that was rolled back has left in the operations. */
static void forget(struct op *first)
{
    for (struct op *op = first; op; op = op->next)
        if (op->failure.code == ERR_NOT_FOUND)
            op->failure.code = 0;
}

/* A database that is held or gone is so for all: tried one by one, each would wait its full time. */
static bool for_all(struct failure failure)
{
    int primary = failure.sqlite & 0xff;
    return primary == SQLITE_BUSY || primary == SQLITE_PROTOCOL || failure.sqlite == SQLITE_READONLY_DBMOVED;
}

void writer_run(struct writer *w, struct op *first)
{
    struct failure whole = transaction(w, first, NULL);
    if (!whole.code)
        return;
    forget(first);
    for (struct op *op = first; op; op = op->next) {
        if (op->failure.code)
            continue;
        struct failure failure = for_all(whole) ? whole : transaction(w, op, op->next);
        if (failure.code)
            op->failure = failure;
    }
}

/* FULL: a commit is on the disk when it returns. The WAL's file is cut after a burst instead of keeping its size. */
static const char settings[] = "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;"
                               " PRAGMA foreign_keys=OFF; PRAGMA temp_store=MEMORY";

static int use_wal(struct writer *w, const char *path, struct error *err)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_exec(w->db, settings, NULL, NULL, NULL);
    if (rc == 0)
        rc = sqlite3_prepare_v2(w->db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
    if (rc)
        return fail_sqlite(w->db, rc, path, err);
    bool wal =
        sqlite3_step(statement) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    rc = sqlite3_finalize(statement);
    if (rc)
        return fail_sqlite(w->db, rc, path, err);
    if (!wal && !w->memory)
        return error_set(
            err, ERR_IO,
            "%s is on a filesystem without shared memory (a network one?): name a file on a local disk for "
            "the state",
            path);
    return 0;
}

void db_settle(sqlite3 *db)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

/* What the look has come upon: SQLite tells a page that could not be read, for want of memory or by the disk's fault,
 * as a finding "... error code=7". */
static int found_of(const char *answer)
{
    static const char mark[] = "error code=";
    const char *code = answer ? strstr(answer, mark) : NULL;
    long rc = code ? strtol(code + sizeof mark - 1, NULL, 10) : 0;
    return rc > 0 && rc < SQLITE_NOTICE ? (int)rc : SQLITE_CORRUPT;
}

int db_look_for_damage(sqlite3 *db)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (rc)
        return rc;
    int found = SQLITE_CORRUPT;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        found = answer && strcmp(answer, "ok") == 0 ? SQLITE_OK : found_of(answer);
    }
    rc = sqlite3_finalize(statement);
    return rc ? rc : found;
}

/* Better a refusal now than the first damaged page in the middle of a sweep. */
static int look_for_damage(struct writer *w, const char *path, struct error *err)
{
    int rc = db_look_for_damage(w->db);
    return rc ? fail_sqlite(w->db, rc, path, err) : 0;
}

/* Each opening for writing has a higher number than the one before, also after a crash. */
static int take_epoch(struct writer *w, const char *path, struct error *err)
{
    int rc = sqlite3_exec(w->db, "UPDATE epoch SET number = number + 1", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = schema_number(w->db, "SELECT number FROM epoch", &w->epoch);
    return rc ? fail_sqlite(w->db, rc, path, err) : 0;
}

static int prepare(struct writer *w, const char *path, struct error *err)
{
    int rc = apply_prepare(w);
    return rc ? fail_sqlite(w->db, rc, path, err) : 0;
}

#define MIB (UINT64_C(1) << 20)
#define ROOM_BESIDE (16 * MIB)

/* For the copy, for as much again while the file is rewritten, and for what comes next. */
static bool has_room(struct writer *w, const char *path, uint64_t *left)
{
    struct statvfs fs;
    int64_t pages = 0, page = 0;
    *left = 0;
    if (schema_number(w->db, "PRAGMA page_count", &pages) || schema_number(w->db, "PRAGMA page_size", &page) ||
        statvfs(path, &fs) != 0)
        return false;
    *left = (uint64_t)fs.f_bavail * fs.f_frsize;
    return *left >= 2 * (uint64_t)(pages * page) + ROOM_BESIDE;
}

/* Before it is brought to another schema, which no older mpijobd reads, the file is kept as it is. Where that cannot
 * be, it is brought there all the same: that is done whole or not at all. kept: "" where there is no copy. */
static void keep_as_it_was(struct writer *w, const char *path, int version, const struct log *log,
                           char kept[PATH_MAX + 32])
{
    uint64_t left;
    struct error err;
    snprintf(kept, PATH_MAX + 32, "%s.schema-%d.bak", path, version);
    if (!has_room(w, path, &left))
        error_set(&err, ERR_IO, "only %" PRIu64 " MiB are left on its filesystem", left / MIB);
    else if (db_copy(w->db, path, kept, true, NULL, &err) == 0)
        return;
    kept[0] = '\0';
    log_line(log, LOG_WARN, "%s: no copy of it is kept as it was in schema %d: %s", path, version, err.message);
}

int writer_open(struct writer *w, const char *path, const struct log *log, struct error *err)
{
    int version = 0;
    char kept[PATH_MAX + 32] = "";
    w->memory = strcmp(path, STORE_MEMORY) == 0;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (w->memory ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(path, &w->db, flags, NULL);
    if (rc)
        return fail_sqlite(w->db, rc, path, err);
    db_settle(w->db);
    rc = schema_look(w->db, path, schema_newest, &version, err);
    if (rc == 0)
        rc = use_wal(w, path, err);
    if (rc == 0 && version > 0)
        rc = look_for_damage(w, path, err);
    bool older = rc == 0 && version > 0 && version < schema_newest;
    if (older)
        keep_as_it_was(w, path, version, log, kept);
    if (rc == 0)
        rc = schema_migrate(w->db, path, schema_steps, schema_newest, version, err);
    if (rc == 0)
        rc = take_epoch(w, path, err);
    if (rc == 0)
        rc = prepare(w, path, err);
    if (rc == 0 && older)
        log_line(log, LOG_INFO, "%s: brought from schema %d to %d%s%s", path, version, schema_newest,
                 *kept ? "; as it was it is kept in " : "", kept);
    return rc;
}

void writer_close(struct writer *w)
{
    apply_finish(w);
    packer_free(w);
    sqlite3_close(w->db);
    w->db = NULL;
}
