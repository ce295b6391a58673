/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings handed over, and read. */
#include "store/recorded.h"

#include <stdlib.h>
#include <zstd.h>

#include "store/parts.h"

#define PART_MAX ((size_t)64 * 1024 * 1024) /* unpacked: what is larger was not written by this program */

void journal_record(struct journal *journal, const struct store_recorded *part, store_done done, void *data)
{
    queue_submit(journal->store, op_of_recorded(part), 0, STORE_SOON, done, data);
}

void journal_number_runs(struct journal *journal, int64_t last)
{
    journal->last_run = last;
}

struct recorded_query {
    int64_t run;
    bool (*part)(void *data, struct str bytes);
    void *data;
    bool there, whole, broken;
};

/* False: stop. */
static bool unpack(struct recorded_query *q, struct str packed)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.ptr, packed.len);
    char *bytes = size <= PART_MAX ? malloc((size_t)size + 1) : NULL;
    size_t n = bytes ? ZSTD_decompress(bytes, (size_t)size, packed.ptr, packed.len) : 0;
    q->broken = !bytes || ZSTD_isError(n) || n != size;
    bool more = !q->broken && q->part(q->data, str_n(bytes, n));
    free(bytes);
    return more;
}

static int find(sqlite3 *db, struct recorded_query *q)
{
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, "SELECT whole FROM recordings WHERE run = ?", -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_int64(s, 1, q->run);
    if (!rc)
        rc = sqlite3_step(s);
    q->there = rc == SQLITE_ROW;
    q->whole = q->there && sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int parts(sqlite3 *db, void *data)
{
    struct recorded_query *q = data;
    sqlite3_stmt *s;
    int rc = find(db, q);
    if (rc || !q->there)
        return rc;
    rc = sqlite3_prepare_v2(db, "SELECT bytes FROM recorded WHERE run = ? ORDER BY part", -1, &s, NULL);
    if (rc)
        return rc;
    rc = sqlite3_bind_int64(s, 1, q->run);
    while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        struct str packed = {sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
        rc = unpack(q, packed) ? SQLITE_OK : SQLITE_DONE;
    }
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int journal_read_recorded(struct journal *journal, int64_t run, bool (*part)(void *data, struct str bytes), void *data,
                          bool *whole, struct error *err)
{
    struct recorded_query q = {.run = run, .part = part, .data = data};
    int rc = store_read(journal->store, parts, &q, err);
    *whole = q.whole;
    if (!rc && q.broken)
        rc = error_set(err, ERR_INVALID, "the recording of run %lld in %s cannot be unpacked: it is damaged",
                       (long long)run, journal->store->path);
    if (!rc && !q.there)
        rc = error_set(err, ERR_NOT_FOUND, "there is no recording of run %lld in %s", (long long)run,
                       journal->store->path);
    return rc;
}
