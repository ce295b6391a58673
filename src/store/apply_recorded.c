/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: packed, put there, and removed where they take more room than they may. */
#include <stdlib.h>
#include <zstd.h>

#include "store/parts.h"

#define LEVEL 3
#define ROW_BYTES 128 /* that a part takes beside its own */

enum { COUNT, FIND, BEGIN, GROW, ADD, FORGET, FORGET_PARTS, OLDEST, STATEMENTS };
#define OF_MOST                                                                                                        \
    ("SELECT run FROM recordings WHERE policy = (SELECT policy FROM recordings GROUP BY policy"                        \
     " ORDER BY sum(size) DESC LIMIT 1) ORDER BY run LIMIT 1")
static const char *const sql_of[STATEMENTS] = {
    [COUNT] = "SELECT coalesce(sum(size), 0) FROM recordings",
    [FIND] = "SELECT size FROM recordings WHERE run = ?1",
    [BEGIN] = "INSERT OR IGNORE INTO recordings(run, policy, size, whole) VALUES(?1, ?2, 0, 0)",
    [GROW] = "UPDATE recordings SET size = size + ?2, whole = ?3 WHERE run = ?1",
    [ADD] = "INSERT INTO recorded(run, part, bytes) VALUES(?1, ?2, ?3)",
    [FORGET] = "DELETE FROM recordings WHERE run = ?1",
    [FORGET_PARTS] = "DELETE FROM recorded WHERE run = ?1",
    [OLDEST] = OF_MOST,
};

struct packer {
    sqlite3_stmt *statements[STATEMENTS];
    ZSTD_CCtx *zstd;
    char *out; /* scratch */
    size_t cap;
    int64_t size; /* of all recordings; -1: to be counted */
};

void packer_free(struct writer *w)
{
    struct packer *p = w->packer;
    if (!p)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(p->statements[i]);
    ZSTD_freeCCtx(p->zstd);
    free(p->out);
    free(p);
    w->packer = NULL;
}

void packer_forget(struct writer *w)
{
    if (w->packer)
        w->packer->size = -1;
}

static int packer_make(struct writer *w)
{
    struct packer *p = calloc(1, sizeof *p);
    if (!p)
        return SQLITE_NOMEM;
    w->packer = p;
    p->size = -1;
    p->zstd = ZSTD_createCCtx();
    int rc = p->zstd ? SQLITE_OK : SQLITE_NOMEM;
    if (!rc && ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL)))
        rc = SQLITE_INTERNAL;
    for (int i = 0; i < STATEMENTS && !rc; i++)
        rc = sqlite3_prepare_v3(w->db, sql_of[i], -1, SQLITE_PREPARE_PERSISTENT, &p->statements[i], NULL);
    if (rc)
        packer_free(w);
    return rc;
}

/* Carries the statement out, whose values are bound from 2 on. *found (may be NULL): the first column of its row;
 * without a row it stays as it was. */
static int step(struct packer *p, int which, int64_t run, int64_t *found)
{
    sqlite3_stmt *s = p->statements[which];
    int rc = sqlite3_bind_parameter_count(s) ? sqlite3_bind_int64(s, 1, run) : SQLITE_OK;
    if (!rc)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW && found)
        *found = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int forget(struct packer *p, int64_t run)
{
    int64_t size = 0;
    int rc = step(p, FIND, run, &size);
    if (!rc)
        rc = step(p, FORGET, run, NULL);
    if (!rc)
        rc = step(p, FORGET_PARTS, run, NULL);
    p->size -= rc ? 0 : size;
    return rc;
}

/* An eighth is freed at once, so that the next recordings find room without looking for it. */
static int make_room(struct packer *p, int64_t most)
{
    int rc = SQLITE_OK;
    if (p->size <= most)
        return rc;
    while (!rc && p->size > most - most / 8) {
        int64_t run = -1;
        rc = step(p, OLDEST, 0, &run);
        if (rc || run < 0)
            break;
        rc = forget(p, run);
    }
    return rc;
}

static int pack(struct packer *p, struct str bytes, size_t *len)
{
    size_t bound = ZSTD_compressBound(bytes.len);
    if (bound > p->cap) {
        char *out = realloc(p->out, bound);
        if (!out)
            return SQLITE_NOMEM;
        p->out = out;
        p->cap = bound;
    }
    *len = ZSTD_compress2(p->zstd, p->out, p->cap, bytes.ptr, bytes.len);
    return ZSTD_isError(*len) ? SQLITE_NOMEM : SQLITE_OK;
}

static int add(struct packer *p, const struct store_recorded *part)
{
    size_t len;
    int64_t grows;
    sqlite3_stmt *s = p->statements[ADD];
    int rc = pack(p, part->bytes, &len);
    if (!rc)
        rc = sqlite3_bind_int64(s, 2, part->part);
    if (!rc)
        rc = sqlite3_bind_blob64(s, 3, p->out, len, SQLITE_STATIC);
    if (!rc)
        rc = step(p, ADD, part->run, NULL);
    grows = (int64_t)len + ROW_BYTES;
    if (!rc)
        rc = sqlite3_bind_int64(p->statements[GROW], 2, grows);
    if (!rc)
        rc = sqlite3_bind_int(p->statements[GROW], 3, part->last);
    if (!rc)
        rc = step(p, GROW, part->run, NULL);
    p->size += rc ? 0 : grows;
    return rc;
}

int apply_recorded(struct writer *w, struct op *op)
{
    const struct store_recorded *part = &op->of.recorded;
    int64_t there = -1;
    int rc = w->packer ? SQLITE_OK : packer_make(w);
    struct packer *p = w->packer;
    if (!rc && p->size < 0)
        rc = step(p, COUNT, 0, &p->size);
    if (rc)
        return rc;
    if (part->forget)
        return forget(p, part->run);
    if (part->part == 0) {
        rc = sqlite3_bind_text(p->statements[BEGIN], 2, part->policy, -1, SQLITE_STATIC);
        if (!rc)
            rc = step(p, BEGIN, part->run, NULL);
    }
    if (!rc)
        rc = step(p, FIND, part->run, &there);
    if (!rc && there >= 0) /* else it had to leave already */
        rc = add(p, part);
    return rc ? rc : make_room(p, part->most);
}
