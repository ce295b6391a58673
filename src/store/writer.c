/* The connection that writes, and the SQL of each operation. */
#include <stdio.h>
#include <string.h>

#include "store/parts.h"

enum {
    BEGIN,
    COMMIT,
    RUN_BEGIN,
    RUN_END,
    RUN_COUNT,
    INTENT,
    OUTCOME,
    OBSERVED,
    MARK_LATER,
    MARK,
    UNMARK,
    HANDLED,
    UNHANDLED
};
_Static_assert(UNHANDLED + 1 == WRITER_STATEMENTS, "a slot for each statement");

static const char *const sql_of[WRITER_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [RUN_BEGIN] =
        "INSERT INTO runs(id, policy, \"trigger\", scheduled_at, started_at, dry_run, cluster) VALUES(?,?,?,?,?,?,?)",
    [RUN_END] = "UPDATE runs SET ended_at=?, outcome=?, message=?, changed=?, unchanged=?, failed=? WHERE id=?",
    [RUN_COUNT] = "UPDATE runs SET"
                  " changed=(SELECT count(*) FROM changes WHERE run=runs.id AND outcome IN ('done', 'done-unseen')),"
                  " failed=(SELECT count(*) FROM changes WHERE run=runs.id AND outcome IN ('failed', 'lost'))"
                  " WHERE id=?",
    [INTENT] = "INSERT INTO changes(run, policy, server, version, name_space, name, uid, resource_version, verb, diff,"
               " effect, why, intended_at, cluster, resource) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [OUTCOME] = "UPDATE changes SET ended_at=?, outcome=?, status=?, message=?, effect=coalesce(?, effect),"
                " why=coalesce(?, why), resource_version_after=coalesce(?, resource_version_after) WHERE id=?",
    [OBSERVED] = "UPDATE changes SET observed=?, observed_at=? WHERE id=?",
    [MARK_LATER] = "INSERT INTO marks VALUES(?,?) ON CONFLICT(policy) DO UPDATE SET"
                   " scheduled_at=max(scheduled_at, excluded.scheduled_at)",
    [MARK] = "INSERT INTO marks VALUES(?,?) ON CONFLICT(policy) DO UPDATE SET scheduled_at=excluded.scheduled_at",
    [UNMARK] = "DELETE FROM marks WHERE policy=?",
    [HANDLED] = "INSERT OR REPLACE INTO handled(policy, uid, value, version, at) VALUES(?,?,?,?,?)",
    [UNHANDLED] = "DELETE FROM handled WHERE policy=? AND uid=?",
};

/* A value to bind. */
struct cell {
    bool text;
    const char *string;
    int64_t number;
};
#define T(value)                                                                                                       \
    {                                                                                                                  \
        true, (value), 0                                                                                               \
    }
#define N(value)                                                                                                       \
    {                                                                                                                  \
        false, NULL, (value)                                                                                           \
    }
#define CELLS(...) (const struct cell[]){__VA_ARGS__}, sizeof((const struct cell[]){__VA_ARGS__}) / sizeof(struct cell)

static int execute(struct writer *w, int which, const struct cell *cells, size_t count)
{
    sqlite3_stmt *statement = w->statements[which];
    int rc = SQLITE_OK;
    for (size_t i = 0; i < count && rc == SQLITE_OK; i++) {
        int at = (int)i + 1;
        if (!cells[i].text)
            rc = sqlite3_bind_int64(statement, at, cells[i].number);
        else if (cells[i].string)
            rc = sqlite3_bind_text(statement, at, cells[i].string, -1, SQLITE_STATIC);
        else
            rc = sqlite3_bind_null(statement, at);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement); /* the strings go with the operation */
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static const char *or_default(const char *cluster)
{
    return cluster ? cluster : STORE_CLUSTER_DEFAULT;
}

const char *store_mark_key(const char *policy, const char *cluster, char out[STORE_MARK_KEY_MAX])
{
    bool only = strcmp(or_default(cluster), STORE_CLUSTER_DEFAULT) == 0;
    snprintf(out, STORE_MARK_KEY_MAX, "%s%s%s", policy, only ? "" : "@", only ? "" : cluster);
    return out;
}

static int run_begin(struct writer *w, struct op *op)
{
    const struct store_run *r = &op->of.run;
    const char *policy = or_empty(r->policy), *trigger = or_empty(r->trigger);
    const char *cluster = or_default(r->cluster);
    int rc = execute(
        w, RUN_BEGIN,
        CELLS(N(r->id), T(policy), T(trigger), N(r->scheduled_at), N(r->started_at), N(r->dry_run), T(cluster)));
    if (rc)
        return rc;
    if (strcmp(trigger, "schedule") == 0 || strcmp(trigger, "every") == 0) {
        char key[STORE_MARK_KEY_MAX];
        rc = execute(w, MARK_LATER, CELLS(T(store_mark_key(policy, cluster, key)), N(r->scheduled_at)));
    }
    return rc;
}

static int run_end(struct writer *w, struct op *op)
{
    const struct store_run *r = &op->of.run;
    bool counted = r->changed >= 0;
    int rc = execute(w, RUN_END,
                     CELLS(N(r->ended_at), T(r->outcome), T(r->message), N(counted ? r->changed : 0), N(r->unchanged),
                           N(r->failed), N(r->id)));
    return rc || counted ? rc : execute(w, RUN_COUNT, CELLS(N(r->id)));
}

static int handled(struct writer *w, const struct store_handled *h)
{
    if (!h->value)
        return execute(w, UNHANDLED, CELLS(T(or_empty(h->key)), T(or_empty(h->uid))));
    return execute(w, HANDLED,
                   CELLS(T(or_empty(h->key)), T(or_empty(h->uid)), T(h->value), T(or_empty(h->version)), N(h->at)));
}

static int handled_along(struct writer *w, const struct store_change *c, const char *version, int64_t at)
{
    if (!c->handled_key)
        return SQLITE_OK;
    return handled(w, &(struct store_handled){c->handled_key, c->uid, c->handled_value, version, at});
}

static int intent(struct writer *w, struct op *op)
{
    const struct store_change *c = &op->of.change;
    int rc = execute(w, INTENT,
                     CELLS(N(c->run), T(or_empty(c->policy)), T(c->server), T(c->version), T(c->name_space), T(c->name),
                           T(c->uid), T(c->resource_version), T(or_empty(c->verb)), T(c->diff), T(c->effect), T(c->why),
                           N(c->intended_at), T(or_default(c->cluster)),
                           T(c->resource ? c->resource : STORE_RESOURCE_DEFAULT)));
    if (rc)
        return rc;
    op->id = sqlite3_last_insert_rowid(w->db);
    return handled_along(w, c, c->resource_version, c->intended_at);
}

static int outcome(struct writer *w, struct op *op)
{
    const struct store_change *c = &op->of.change;
    int rc = handled_along(w, c, c->resource_version_after, c->ended_at);
    return rc ? rc
              : execute(w, OUTCOME,
                        CELLS(N(c->ended_at), T(c->outcome), N(c->status), T(c->message), T(c->effect), T(c->why),
                              T(c->resource_version_after), N(c->id)));
}

static int observed(struct writer *w, struct op *op)
{
    const struct store_change *c = &op->of.change;
    return execute(w, OBSERVED, CELLS(T(c->observed), N(c->observed_at), N(c->id)));
}

static int carry_out(struct writer *w, struct op *op)
{
    int rc = SQLITE_OK;
    switch (op->kind) {
    case OP_RUN_BEGIN:
        return run_begin(w, op);
    case OP_RUN_END:
        rc = run_end(w, op);
        break;
    case OP_INTENT:
        return intent(w, op);
    case OP_OUTCOME:
        rc = outcome(w, op);
        break;
    case OP_OBSERVED:
        rc = observed(w, op);
        break;
    case OP_MARK:
        return execute(w, MARK, CELLS(T(or_empty(op->of.mark.policy)), N(op->of.mark.scheduled_at)));
    case OP_UNMARK:
        return execute(w, UNMARK, CELLS(T(or_empty(op->of.mark.policy))));
    case OP_HANDLED:
        return handled(w, &op->of.handled);
    case OP_PRUNE:
    case OP_NONE:
        return SQLITE_OK;
    }
    if (rc == SQLITE_OK && sqlite3_changes(w->db) == 0)
        op->failure.code = ERR_NOT_FOUND; /* an update of nothing: the others of the transaction stand */
    return rc;
}

/* A database that was unlinked takes writes as before, and all of them go with the process. */
static int still_there(struct writer *w)
{
    int moved = 0;
    if (w->memory || sqlite3_file_control(w->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK)
        return SQLITE_OK;
    return moved ? SQLITE_READONLY_DBMOVED : SQLITE_OK;
}

static struct failure give_up(struct writer *w, int rc)
{
    struct failure failure = failure_of(w->db, rc);
    if (!sqlite3_get_autocommit(w->db))
        sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
    return failure;
}

/* The operations from first to before end, in one transaction. */
static struct failure transaction(struct writer *w, struct op *first, const struct op *end)
{
    int rc = still_there(w);
    if (rc == SQLITE_OK)
        rc = execute(w, BEGIN, NULL, 0);
    for (struct op *op = first; op != end && rc == SQLITE_OK; op = op->next)
        if (!op->failure.code)
            rc = carry_out(w, op);
    if (rc == SQLITE_OK)
        rc = execute(w, COMMIT, NULL, 0);
    return rc == SQLITE_OK ? (struct failure){0} : give_up(w, rc);
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
    return (failure.sqlite & 0xff) == SQLITE_BUSY || failure.sqlite == SQLITE_READONLY_DBMOVED;
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

#define PRUNE_STEP "500"

static const char prune_changes[] = "DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE outcome IS NOT NULL"
                                    " AND max(intended_at, ended_at) < ? LIMIT " PRUNE_STEP ")";
static const char prune_runs[] = "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE outcome IS NOT NULL"
                                 " AND max(started_at, ended_at) < ? AND NOT EXISTS"
                                 " (SELECT 1 FROM changes WHERE run = runs.id) LIMIT " PRUNE_STEP ")";

/* Removes some rows, a transaction of its own. Rare enough not to keep its statements. */
static int prune_some(struct writer *w, const char *sql, int64_t before, int *removed)
{
    sqlite3_stmt *statement;
    *removed = 0;
    int rc = sqlite3_prepare_v2(w->db, sql, -1, &statement, NULL);
    if (rc)
        return rc;
    sqlite3_bind_int64(statement, 1, before);
    sqlite3_step(statement);
    rc = sqlite3_finalize(statement);
    if (rc == SQLITE_OK)
        *removed = sqlite3_changes(w->db);
    return rc;
}

bool writer_prune(struct writer *w, struct op *op)
{
    int removed = 0;
    int rc = still_there(w);
    if (rc == SQLITE_OK)
        rc = prune_some(w, prune_changes, op->of.before, &removed);
    if (rc == SQLITE_OK && removed == 0)
        rc = prune_some(w, prune_runs, op->of.before, &removed);
    if (rc != SQLITE_OK)
        op->failure = give_up(w, rc);
    op->id += removed;
    return rc != SQLITE_OK || removed == 0;
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

/* Reads the whole file once: better a refusal now than the first damaged page in the middle of a sweep. */
static int look_for_damage(struct writer *w, const char *path, struct error *err)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(w->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (rc)
        return fail_sqlite(w->db, rc, path, err);
    bool sound = false;
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(statement, 0);
        sound = answer && strcmp(answer, "ok") == 0;
    }
    rc = sqlite3_finalize(statement);
    return rc || !sound ? fail_sqlite(w->db, rc ? rc : SQLITE_CORRUPT, path, err) : 0;
}

static int prepare(struct writer *w, const char *path, struct error *err)
{
    for (int i = 0; i < WRITER_STATEMENTS; i++) {
        int rc = sqlite3_prepare_v3(w->db, sql_of[i], -1, SQLITE_PREPARE_PERSISTENT, &w->statements[i], NULL);
        if (rc)
            return fail_sqlite(w->db, rc, path, err);
    }
    return 0;
}

int writer_open(struct writer *w, const char *path, const struct log *log, struct error *err)
{
    int version = 0;
    w->memory = strcmp(path, STORE_MEMORY) == 0;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (w->memory ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(path, &w->db, flags, NULL);
    if (rc)
        return fail_sqlite(w->db, rc, path, err);
    sqlite3_extended_result_codes(w->db, 1);
    sqlite3_busy_timeout(w->db, BUSY_MS);
    rc = schema_look(w->db, path, schema_newest, &version, err);
    if (rc == 0)
        rc = use_wal(w, path, err);
    if (rc == 0 && version > 0)
        rc = look_for_damage(w, path, err);
    if (rc == 0)
        rc = schema_migrate(w->db, path, schema_steps, schema_newest, version, err);
    if (rc == 0)
        rc = prepare(w, path, err);
    if (rc == 0 && version > 0 && version < schema_newest)
        log_line(log, LOG_INFO, "%s: brought from schema %d to %d", path, version, schema_newest);
    return rc;
}

void writer_close(struct writer *w)
{
    for (int i = 0; i < WRITER_STATEMENTS; i++) {
        sqlite3_finalize(w->statements[i]);
        w->statements[i] = NULL;
    }
    sqlite3_close(w->db);
    w->db = NULL;
}
