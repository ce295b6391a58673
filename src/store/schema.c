/* SPDX-License-Identifier: Apache-2.0 */
/* The tables, their versions, and how an older file becomes a newer one. A step is never changed once it is released:
 * another one is added. */
#include "base/failpoint.h"
#include "store/parts.h"

#define APPLICATION_ID 0x4d504a64 /* "MPJd": tells files of mpijobd from other databases */
#define QUOTE_(x) #x
#define QUOTE(x) QUOTE_(x)

/* AUTOINCREMENT: the id of a removed row is never given again, since logs and undo name rows by it. What is in flight
 * has an index of its own, so that a restart finds it at once in a long journal. */
static const char first_tables[] =
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
    "CREATE TABLE marks(policy TEXT PRIMARY KEY, scheduled_at INTEGER NOT NULL) WITHOUT ROWID;";

/* Several clusters in one daemon: what was there before was of the one without a name. */
static const char cluster_columns[] = "ALTER TABLE runs ADD COLUMN cluster TEXT NOT NULL DEFAULT 'default';"
                                      "ALTER TABLE changes ADD COLUMN cluster TEXT NOT NULL DEFAULT 'default';";

/* What policies with `on` have handled; found by policy at a start, and by policy and job at each write. */
static const char handled_table[] =
    "CREATE TABLE handled(policy TEXT NOT NULL, uid TEXT NOT NULL, value TEXT NOT NULL, version TEXT NOT NULL,"
    " at INTEGER NOT NULL, PRIMARY KEY(policy, uid)) WITHOUT ROWID;";

/* Changes of other objects than MPIJobs; and what became of effects, as it was seen. */
static const char resource_columns[] =
    "ALTER TABLE changes ADD COLUMN resource TEXT NOT NULL DEFAULT 'mpijobs.kubeflow.org';"
    "ALTER TABLE changes ADD COLUMN observed TEXT;"
    "ALTER TABLE changes ADD COLUMN observed_at INTEGER NOT NULL DEFAULT 0;";

/* Who wrote a change: the number of the opening. 0: a version that did not say. */
static const char epochs[] = "CREATE TABLE epoch(number INTEGER NOT NULL);"
                             "INSERT INTO epoch VALUES(0);"
                             "ALTER TABLE changes ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;";

/* What policies keep, and what is still to be delivered: each under a space of its own. */
static const char kept_table[] = "CREATE TABLE kept(space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
                                 " expires_at INTEGER NOT NULL, PRIMARY KEY(space, key)) WITHOUT ROWID;";

/* The people who change jobs by hand, and have policies run. */
static const char who_columns[] = "ALTER TABLE changes ADD COLUMN who TEXT;"
                                  "ALTER TABLE changes ADD COLUMN who_uid INTEGER NOT NULL DEFAULT -1;"
                                  "ALTER TABLE runs ADD COLUMN who TEXT;"
                                  "ALTER TABLE runs ADD COLUMN who_uid INTEGER NOT NULL DEFAULT -1;";

/* The journal as a chain (chain.h). From here on a new column of runs or changes is NULL in the rows that are there:
 * another value would change their sums. */
static const char chain_tables[] =
    "CREATE TABLE chain(seq INTEGER PRIMARY KEY, what INTEGER NOT NULL, row INTEGER NOT NULL, at INTEGER NOT NULL,"
    " digest BLOB NOT NULL, sum BLOB NOT NULL);"
    "CREATE TABLE chain_start(seq INTEGER NOT NULL, sum BLOB NOT NULL);"
    "INSERT INTO chain_start VALUES(0, zeroblob(32));";

/* With which text of a policy a run was made. */
static const char file_columns[] = "ALTER TABLE runs ADD COLUMN file TEXT;"
                                   "ALTER TABLE runs ADD COLUMN file_sha256 TEXT;";

/* What runs have seen. size: of all its parts, packed. */
static const char recordings[] =
    "CREATE TABLE recordings(run INTEGER PRIMARY KEY, policy TEXT NOT NULL, size INTEGER NOT NULL,"
    " whole INTEGER NOT NULL);"
    "CREATE INDEX recordings_policy ON recordings(policy, size);"
    "CREATE TABLE recorded(run INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE INDEX recorded_run ON recorded(run, part);";

/* By what a run and its requests are found elsewhere; and what a change has given back, for sums over the journal. */
static const char trace_columns[] = "ALTER TABLE runs ADD COLUMN traceparent TEXT;"
                                    "ALTER TABLE changes ADD COLUMN traceparent TEXT;"
                                    "ALTER TABLE changes ADD COLUMN frees TEXT;";

const struct migration schema_steps[] = {
    {first_tables, NULL}, {cluster_columns, NULL}, {handled_table, NULL}, {resource_columns, NULL},
    {epochs, NULL},       {kept_table, NULL},      {who_columns, NULL},   {chain_tables, chain_fill},
    {file_columns, NULL}, {recordings, NULL},      {trace_columns, NULL}};
const int schema_newest = sizeof schema_steps / sizeof *schema_steps;

int schema_number(sqlite3 *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc)
        return rc;
    rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(statement, 0);
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_ROW ? SQLITE_OK : end ? end : SQLITE_CORRUPT;
}

int schema_look(sqlite3 *db, const char *path, int newest, int *version, struct error *err)
{
    int64_t application = 0, tables = 0, found = 0;
    int rc = schema_number(db, "PRAGMA application_id", &application);
    if (rc == 0)
        rc = schema_number(db, "SELECT count(*) FROM sqlite_master", &tables);
    if (rc)
        return fail_sqlite(db, rc, path, err);
    *version = 0;
    if (application == 0 && tables == 0)
        return 0;
    if (application != APPLICATION_ID)
        return error_set(err, ERR_INVALID, "%s is a database of another program: name another file for mpijobd's state",
                         path);
    rc = schema_number(db, "SELECT coalesce(max(version), 0) FROM schema_version", &found);
    if (rc)
        return fail_sqlite(db, rc == SQLITE_ERROR ? SQLITE_CORRUPT : rc, path, err);
    if (found < 0)
        return fail_sqlite(db, SQLITE_CORRUPT, path, err);
    if (found > newest)
        return error_set(
            err, ERR_INVALID,
            "%s was written by a newer mpijobd (schema %lld, this one knows up to %d): use that version, or "
            "name another file for the state",
            path, (long long)found, newest);
    *version = (int)found;
    return 0;
}

static int migrate_one(sqlite3 *db, const struct migration *step, int version)
{
    char note[128];
    int rc = SQLITE_OK;
    sqlite3_snprintf(sizeof note, note, "INSERT INTO schema_version VALUES(%d, strftime('%%s', 'now') * 1000000)",
                     version);
    if (version == 1)
        rc = sqlite3_exec(
            db,
            "PRAGMA application_id = " QUOTE(
                APPLICATION_ID) ";"
                                "CREATE TABLE schema_version(version INTEGER PRIMARY KEY, since INTEGER NOT NULL);",
            NULL, NULL, NULL);
    if (rc == 0)
        rc = sqlite3_exec(db, step->sql, NULL, NULL, NULL);
    if (rc == 0 && step->fill)
        rc = step->fill(db);
    return rc ? rc : sqlite3_exec(db, note, NULL, NULL, NULL);
}

int schema_migrate(sqlite3 *db, const char *path, const struct migration *steps, int count, int version,
                   struct error *err)
{
    if (version == count)
        return 0;
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    for (int next = version + 1; rc == 0 && next <= count; next++) {
        rc = migrate_one(db, &steps[next - 1], next);
        FAILPOINT("migrated");
    }
    if (rc == 0)
        rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc == 0)
        return 0;
    int code = fail_sqlite(db, rc, path, err);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    if (version)
        error_prefix(err, "bringing the journal from schema %d to %d", version, count);
    return code;
}
