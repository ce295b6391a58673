/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of each kind of operation, with its values. */
#include "store/parts.h"

enum {
    BEGIN,
    COMMIT,
    RUN_BEGIN,
    RUN_ADOPT,
    RUN_END,
    RUN_COUNT,
    INTENT,
    OUTCOME,
    OBSERVED,
    MARK_LATER,
    MARK,
    UNMARK,
    HANDLED,
    UNHANDLED,
    KEPT,
    UNKEPT
};
_Static_assert(UNKEPT + 1 == WRITER_STATEMENTS, "a slot for each statement");

static const char *const sql_of[WRITER_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [RUN_BEGIN] = "INSERT INTO runs(id, policy, \"trigger\", scheduled_at, started_at, dry_run, cluster, who, who_uid,"
                  " file, file_sha256, traceparent) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
    [RUN_ADOPT] = "INSERT OR IGNORE INTO runs(id, policy, \"trigger\", scheduled_at, started_at, dry_run, cluster, who,"
                  " who_uid, file, file_sha256, traceparent, ended_at, outcome, message)"
                  " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [RUN_END] = "UPDATE runs SET ended_at=?, outcome=?, message=?, changed=?, unchanged=?, failed=? WHERE id=?",
    [RUN_COUNT] = "UPDATE runs SET"
                  " changed=(SELECT count(*) FROM changes WHERE run=runs.id AND outcome IN ('done', 'done-unseen')),"
                  " failed=(SELECT count(*) FROM changes WHERE run=runs.id AND outcome IN ('failed', 'lost'))"
                  " WHERE id=?",
    [INTENT] = "INSERT INTO changes(run, epoch, policy, cluster, server, version, resource, name_space, name, uid,"
               " resource_version, verb, diff, effect, why, intended_at, who, who_uid, traceparent, frees)"
               " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [OUTCOME] = "UPDATE changes SET ended_at=?, outcome=?, status=?, message=?, effect=coalesce(?, effect),"
                " why=coalesce(?, why), resource_version_after=coalesce(?, resource_version_after),"
                " name=coalesce(?, name), uid=coalesce(?, uid) WHERE id=?",
    [OBSERVED] = "UPDATE changes SET observed=?, observed_at=? WHERE id=?",
    [MARK_LATER] = "INSERT INTO marks VALUES(?,?) ON CONFLICT(policy) DO UPDATE SET"
                   " scheduled_at=max(scheduled_at, excluded.scheduled_at)",
    [MARK] = "INSERT INTO marks VALUES(?,?) ON CONFLICT(policy) DO UPDATE SET scheduled_at=excluded.scheduled_at",
    [UNMARK] = "DELETE FROM marks WHERE policy=?",
    [HANDLED] = "INSERT OR REPLACE INTO handled(policy, uid, value, version, at) VALUES(?,?,?,?,?)",
    [UNHANDLED] = "DELETE FROM handled WHERE policy=? AND uid=?",
    [KEPT] = "INSERT OR REPLACE INTO kept(space, key, value, expires_at) VALUES(?,?,?,?)",
    [UNKEPT] = "DELETE FROM kept WHERE space=? AND key=?",
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

static int handled(struct writer *w, const struct store_handled *h)
{
    if (!h->value)
        return execute(w, UNHANDLED, CELLS(T(or_empty(h->key)), T(or_empty(h->uid))));
    return execute(w, HANDLED,
                   CELLS(T(or_empty(h->key)), T(or_empty(h->uid)), T(h->value), T(or_empty(h->version)), N(h->at)));
}

static int kept(struct writer *w, const struct store_kept *k)
{
    if (!k->value)
        return execute(w, UNKEPT, CELLS(T(or_empty(k->space)), T(or_empty(k->key))));
    return execute(w, KEPT, CELLS(T(or_empty(k->space)), T(or_empty(k->key)), T(k->value), N(k->expires_at)));
}

static int run_begin(struct writer *w, struct op *op)
{
    const struct store_run *r = &op->of.run.row;
    const char *policy = or_empty(r->policy), *trigger = or_empty(r->trigger);
    const char *cluster = or_default(r->cluster), *mark = op->of.run.mark;
    int rc =
        execute(w, RUN_BEGIN,
                CELLS(N(r->id), T(policy), T(trigger), N(r->scheduled_at), N(r->started_at), N(r->dry_run), T(cluster),
                      T(r->who), N(r->who ? r->who_uid : -1), T(r->file), T(r->file_sha256), T(r->traceparent)));
    return rc || !mark ? rc : execute(w, MARK_LATER, CELLS(T(mark), N(r->scheduled_at)));
}

/* Nothing happens where the run is there already. */
static int run_adopt(struct writer *w, struct op *op)
{
    const struct store_run *r = &op->of.run.row;
    return execute(w, RUN_ADOPT,
                   CELLS(N(r->id), T(or_empty(r->policy)), T(or_empty(r->trigger)), N(r->scheduled_at),
                         N(r->started_at), N(r->dry_run), T(or_default(r->cluster)), T(r->who),
                         N(r->who ? r->who_uid : -1), T(r->file), T(r->file_sha256), T(r->traceparent), N(r->ended_at),
                         T(r->outcome), T(r->message)));
}

/* The row that the last statement was to change. An operation that finds none fails alone: the others of its
 * transaction stand. */
static bool changed(struct writer *w, struct op *op)
{
    bool there = sqlite3_changes(w->db) > 0;
    if (!there)
        op->failure.code = ERR_NOT_FOUND;
    return there;
}

static int run_end(struct writer *w, struct op *op)
{
    const struct store_run *r = &op->of.run.row;
    bool counted = r->changed >= 0;
    int rc = execute(w, RUN_END,
                     CELLS(N(r->ended_at), T(r->outcome), T(r->message), N(counted ? r->changed : 0), N(r->unchanged),
                           N(r->failed), N(r->id)));
    return rc || !changed(w, op) || counted ? rc : execute(w, RUN_COUNT, CELLS(N(r->id)));
}

static int intent(struct writer *w, struct op *op)
{
    const struct store_intent *i = &op->of.intent.row;
    const struct store_handled *along = &op->of.intent.handled;
    const char *resource = i->resource ? i->resource : STORE_RESOURCE_DEFAULT;
    int rc = execute(w, INTENT,
                     CELLS(N(i->run), N(i->epoch), T(or_empty(i->policy)), T(or_default(i->cluster)), T(i->server),
                           T(i->version), T(resource), T(i->name_space), T(i->name), T(i->uid), T(i->resource_version),
                           T(or_empty(i->verb)), T(i->diff), T(i->effect), T(i->why), N(i->intended_at), T(i->who),
                           N(i->who ? i->who_uid : -1), T(i->traceparent), T(i->frees)));
    if (rc)
        return rc;
    op->id = sqlite3_last_insert_rowid(w->db);
    return along->key ? handled(w, along) : SQLITE_OK;
}

static int outcome(struct writer *w, struct op *op)
{
    const struct store_outcome *o = &op->of.outcome.row;
    const struct store_handled *along = &op->of.outcome.handled;
    int rc = execute(w, OUTCOME,
                     CELLS(N(o->ended_at), T(o->outcome), N(o->status), T(o->message), T(o->effect), T(o->why),
                           T(o->resource_version_after), T(o->name), T(o->uid), N(o->id)));
    return rc || !changed(w, op) || !along->key ? rc : handled(w, along);
}

static int observed(struct writer *w, struct op *op)
{
    const struct store_observation *o = &op->of.observation;
    int rc = execute(w, OBSERVED, CELLS(T(o->observed), N(o->observed_at), N(o->id)));
    if (rc == SQLITE_OK)
        changed(w, op);
    return rc;
}

static int carry_out(struct writer *w, struct op *op)
{
    switch (op->kind) {
    case OP_RUN_BEGIN:
        return run_begin(w, op);
    case OP_RUN_ADOPT:
        return run_adopt(w, op);
    case OP_RUN_END:
        return run_end(w, op);
    case OP_INTENT:
        return intent(w, op);
    case OP_OUTCOME:
        return outcome(w, op);
    case OP_OBSERVED:
        return observed(w, op);
    case OP_MARK:
        return execute(w, MARK, CELLS(T(or_empty(op->of.mark.key)), N(op->of.mark.scheduled_at)));
    case OP_UNMARK:
        return execute(w, UNMARK, CELLS(T(or_empty(op->of.mark.key))));
    case OP_HANDLED:
        return handled(w, &op->of.handled);
    case OP_KEPT:
        return kept(w, &op->of.kept);
    case OP_RECORDED:
        return apply_recorded(w, op);
    case OP_PRUNE:
    case OP_NONE:
        break;
    }
    return SQLITE_OK;
}

int apply(struct writer *w, struct op *op)
{
    int rc = carry_out(w, op);
    if (rc || op->failure.code)
        return rc;
    switch (op->kind) {
    case OP_RUN_BEGIN:
    case OP_RUN_ADOPT:
    case OP_RUN_END:
        return chain_add(&w->chain, CHAIN_RUN, op->of.run.row.id);
    case OP_INTENT:
    case OP_OUTCOME:
    case OP_OBSERVED:
        return chain_add(&w->chain, CHAIN_CHANGE, op->id);
    default:
        return SQLITE_OK;
    }
}

int apply_begin(struct writer *w)
{
    return execute(w, BEGIN, NULL, 0);
}

int apply_commit(struct writer *w)
{
    return execute(w, COMMIT, NULL, 0);
}

int apply_prepare(struct writer *w)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < WRITER_STATEMENTS && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(w->db, sql_of[i], -1, SQLITE_PREPARE_PERSISTENT, &w->statements[i], NULL);
    return rc == SQLITE_OK ? chain_open(&w->chain, w->db) : rc;
}

void apply_finish(struct writer *w)
{
    chain_close(&w->chain);
    for (int i = 0; i < WRITER_STATEMENTS; i++) {
        sqlite3_finalize(w->statements[i]);
        w->statements[i] = NULL;
    }
}
