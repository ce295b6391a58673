/* SPDX-License-Identifier: Apache-2.0 */
/* The reading end of the chain: the entries are summed up one after the other, and then each row against its last
 * entry. All of it is read as it was at one instant, while a daemon may go on writing. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/str.h"
#include "store/chain/chain_parts.h"

/* What the chain says last of a row. */
struct known_row {
    struct {
        int64_t what, row;
    } key;
    int64_t seq, at;
    unsigned char digest[CHAIN_SUM];
    bool there; /* the row was found */
    UT_hash_handle hh;
};

struct verify {
    void (*fault)(void *data, const char *text);
    void *data;
    struct chain_report *report;
    const struct chain_head *head;
    bool head_seen;
    int64_t start_seq; /* of the entry before the first one that is there */
    struct summer summer;
    struct known_row *rows;
    int64_t leave_seq, leave_before; /* of the entry that lets the youngest rows leave */
    struct chain_entry last;
};

__attribute__((format(printf, 2, 3))) static void tell(struct verify *v, const char *format, ...)
{
    char text[512];
    va_list args;
    if (v->report->faults++ >= CHAIN_FAULTS_MOST)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    v->fault(v->data, text);
}

static const char *name_of(int64_t what)
{
    return what == CHAIN_RUN ? "run" : "change";
}

static const char *when(int64_t at, char out[32])
{
    clock_format(at, false, out);
    return out;
}

/* ---- the entries ---- */

static struct known_row *row_known(struct verify *v, int64_t what, int64_t row, bool make)
{
    struct known_row *known;
    struct known_row model = {0};
    model.key.what = what;
    model.key.row = row;
    HASH_FIND(hh, v->rows, &model.key, sizeof model.key, known);
    if (known || !make)
        return known;
    known = malloc(sizeof *known);
    if (!known)
        return NULL;
    *known = model;
    HASH_ADD(hh, v->rows, key, sizeof known->key, known);
    return known;
}

static int keep(struct verify *v, const struct chain_entry *e)
{
    if (e->what == CHAIN_LEAVE) {
        if (v->leave_seq == 0 || e->at >= v->leave_before)
            v->leave_before = e->at;
        v->leave_seq = e->seq;
        return SQLITE_OK;
    }
    struct known_row *known = row_known(v, e->what, e->row, true);
    if (!known)
        return SQLITE_NOMEM;
    known->seq = e->seq;
    known->at = e->at;
    memcpy(known->digest, e->digest, CHAIN_SUM);
    return SQLITE_OK;
}

static bool blob(sqlite3_stmt *s, int column, unsigned char out[CHAIN_SUM])
{
    const void *bytes = sqlite3_column_blob(s, column);
    if (!bytes || sqlite3_column_bytes(s, column) != CHAIN_SUM)
        return false;
    memcpy(out, bytes, CHAIN_SUM);
    return true;
}

static void meet_head(struct verify *v, const struct chain_entry *e)
{
    char text[CHAIN_HEAD_SIZE];
    if (e->seq != v->head->seq)
        return;
    chain_head_text(e->seq, e->sum, text);
    v->head_seen = strcmp(text, v->head->text) == 0;
    if (v->head_seen)
        v->report->head_at = e->at;
}

static int look_at_entry(struct verify *v, sqlite3_stmt *s)
{
    char of[32];
    struct chain_entry e = {.seq = sqlite3_column_int64(s, 0),
                            .what = (enum chain_what)sqlite3_column_int(s, 1),
                            .row = sqlite3_column_int64(s, 2),
                            .at = sqlite3_column_int64(s, 3)};
    unsigned char sum[CHAIN_SUM];
    bool whole = blob(s, 4, e.digest) && blob(s, 5, sum);
    if (!summer_entry(&v->summer, v->last.sum, &e))
        return SQLITE_NOMEM;
    if (e.seq != v->last.seq + 1)
        tell(v, "entries %" PRId64 " to %" PRId64 " of the chain are missing", v->last.seq + 1, e.seq - 1);
    else if (!whole || memcmp(sum, e.sum, CHAIN_SUM) != 0)
        tell(v, "entry %" PRId64 " of the chain (of %s %" PRId64 ", %s) does not follow from the one before", e.seq,
             name_of(e.what), e.row, when(e.at, of));
    if (whole)
        memcpy(e.sum, sum, CHAIN_SUM); /* so that a break is told once, and not of every entry behind it */
    if (v->report->entries++ == 0)
        v->report->since = e.at;
    v->report->until = e.at > v->report->until ? e.at : v->report->until;
    meet_head(v, &e);
    v->last = e;
    return keep(v, &e);
}

static int each(sqlite3 *db, const char *sql, int (*row)(struct verify *v, sqlite3_stmt *s), struct verify *v)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (rc)
        return rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = row(v, statement);
        if (rc)
            break;
    }
    int end = sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? end : rc;
}

static int look_at_start(struct verify *v, sqlite3_stmt *s)
{
    v->start_seq = v->last.seq = sqlite3_column_int64(s, 0);
    if (!blob(s, 1, v->last.sum))
        tell(v, "the beginning of the chain is damaged");
    meet_head(v, &v->last);
    return SQLITE_OK;
}

/* ---- the rows ---- */

static int look_at_row(struct verify *v, sqlite3_stmt *s, enum chain_what what)
{
    unsigned char digest[CHAIN_SUM];
    char of[32];
    int64_t id = sqlite3_column_int64(s, 1);
    struct known_row *known = row_known(v, what, id, false);
    if (!summer_row(&v->summer, s, 1, digest))
        return SQLITE_NOMEM;
    if (!known)
        tell(v, "%s %" PRId64 " was not written by mpijobd: the chain does not know it", name_of(what), id);
    else if (memcmp(known->digest, digest, CHAIN_SUM) != 0)
        tell(v, "%s %" PRId64 " is not as mpijobd wrote it (entry %" PRId64 " of the chain, %s)", name_of(what), id,
             known->seq, when(known->at, of));
    if (known)
        known->there = true;
    return SQLITE_OK;
}

static int look_at_run(struct verify *v, sqlite3_stmt *s)
{
    v->report->runs++;
    return look_at_row(v, s, CHAIN_RUN);
}

static int look_at_change(struct verify *v, sqlite3_stmt *s)
{
    v->report->changes++;
    return look_at_row(v, s, CHAIN_CHANGE);
}

static int by_entry(const struct known_row *a, const struct known_row *b)
{
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Retention lets a row leave by writing so; what left without that was taken out by another program. */
static void look_for_missing(struct verify *v)
{
    char of[32];
    HASH_SORT(v->rows, by_entry);
    for (struct known_row *k = v->rows; k; k = k->hh.next) {
        if (k->there)
            continue;
        if (k->seq < v->leave_seq && k->at < v->leave_before)
            v->report->left++;
        else
            tell(v, "%s %" PRId64 " (entry %" PRId64 " of the chain, %s) was removed", name_of(k->key.what), k->key.row,
                 k->seq, when(k->at, of));
    }
}

static void look_for_head(struct verify *v)
{
    if (v->head->seq == 0 || v->head_seen)
        return;
    v->report->older = v->head->seq > v->last.seq;
    if (v->head->seq < v->start_seq)
        tell(v,
             "the head %" PRId64 " cannot be looked for: the chain begins at entry %" PRId64
             ", what was before has left",
             v->head->seq, v->start_seq + 1);
    else if (v->head->seq > v->last.seq)
        tell(v,
             "the chain ends at entry %" PRId64 ", before the head %" PRId64
             ": rows were taken from its end, or the file is an older copy",
             v->last.seq, v->head->seq);
    else
        tell(v, "entry %" PRId64 " has another sum than the head that was given: the journal was written again",
             v->head->seq);
}

static int look(struct verify *v, sqlite3 *db)
{
    int rc = each(db, "SELECT seq, sum FROM chain_start LIMIT 1", look_at_start, v);
    if (rc == SQLITE_OK)
        rc = each(db, "SELECT seq, what, row, at, digest, sum FROM chain ORDER BY seq", look_at_entry, v);
    if (rc == SQLITE_OK)
        rc = each(db, CHAIN_OF_RUNS " ORDER BY id", look_at_run, v);
    if (rc == SQLITE_OK)
        rc = each(db, CHAIN_OF_CHANGES " ORDER BY id", look_at_change, v);
    if (rc)
        return rc;
    look_for_missing(v);
    look_for_head(v);
    chain_head_text(v->last.seq, v->last.sum, v->report->head);
    return SQLITE_OK;
}

/* ---- the head that is given ---- */

int chain_head_read(const char *text, struct chain_head *head, struct error *err)
{
    char *end;
    size_t digits = strspn(text, "0123456789");
    int64_t seq = strtoll(text, &end, 10);
    if (digits == 0 || digits > 18 || *end != ':' || strlen(end + 1) != 2 * CHAIN_SUM ||
        strspn(end + 1, "0123456789abcdefABCDEF") != 2 * CHAIN_SUM)
        return error_set(err, ERR_INVALID,
                         "a head is a number, a colon and 64 hexadecimal digits, as the log has it (\"48213:9f3c...\"),"
                         " not \"%.100s\"%s",
                         text, *text ? "" : ": a Lease has none in its first 15 minutes, but the log has one");
    snprintf(head->text, sizeof head->text, "%" PRId64 "%s", seq, end);
    for (char *p = head->text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    head->seq = seq;
    return 0;
}

/* ---- all of it ---- */

/* All reads see one state of the file. */
static int look_at_once(struct verify *v, sqlite3 *db)
{
    if (!summer_open(&v->summer))
        return SQLITE_NOMEM;
    bool own = sqlite3_get_autocommit(db);
    int rc = own ? sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) : SQLITE_OK;
    if (rc == SQLITE_OK)
        rc = look(v, db);
    if (own)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int chain_verify(sqlite3 *db, const struct chain_head *head, void (*fault)(void *data, const char *text), void *data,
                 struct chain_report *report)
{
    struct verify v = {.head = head, .fault = fault, .data = data, .report = report};
    struct known_row *row, *next;
    int rc = look_at_once(&v, db);
    summer_close(&v.summer);
    HASH_ITER(hh, v.rows, row, next)
    {
        HASH_DEL(v.rows, row);
        free(row);
    }
    return rc;
}
