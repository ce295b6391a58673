/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of the shared state, in memory. A row is a line of JSON, an array: its kind, its key, and then its value.
 * Without a value the line says that the row is removed. So a file of lines, carried out from the first to the last,
 * makes the same rows again, however often some of them are carried out twice.
 *
 *     ["m", KEY, instant]                                   a mark
 *     ["h", KEY, UID, value, version, instant]              what a policy has handled of a job
 *     ["k", SPACE, KEY, value, expires]                     a text (store/kept.h)
 *     ["r", RUN, {...}]                                     a run that has not ended, or waits for approval
 *     ["i", WHOSE, {...}]                                   a change that is intended; WHOSE: its replica and number
 *     ["d", RUN, UID, instant]                              a job that a run which has not ended has changed
 *     ["M", KEY, instant]                                   not a row: the mark is set where that is later
 *
 * The loop's thread writes; other threads may read (rows_each, rows_find within rows_lock). Instants are microseconds
 * since 1970. */
#ifndef MPIJOBD_SHARED_SHARED_ROWS_H
#define MPIJOBD_SHARED_SHARED_ROWS_H

#include <uthash.h>
#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

#define ROWS_PARTS 256 /* the first has everything but the rows of "h" and "d" */

struct shared_row {
    UT_hash_handle hh;
    uint32_t key_len, len; /* of the text: its first bytes are the row's key, up to the comma before its value */
    char text[];
};

struct shared_rows {
    uv_mutex_t lock; /* recursive */
    struct shared_row *parts[ROWS_PARTS];
    size_t count, bytes;
};

void rows_open(struct shared_rows *rows);
void rows_close(struct shared_rows *rows);
void rows_clear(struct shared_rows *rows);

/* Carries out a line, without its end. ERR_INVALID: no row looks like it; ERR_NOMEM. */
int rows_apply(struct shared_rows *rows, struct str line, struct error *err);
/* All lines of a text, each with its end. Errors as of rows_apply. */
int rows_apply_all(struct shared_rows *rows, struct str lines, struct error *err);
/* key: as row_key makes it. NULL: there is no such row. Valid until the row is written; on another thread than the
 * loop's only while rows->lock is held. */
const struct shared_row *rows_find(const struct shared_rows *rows, struct str key);
/* The rows whose text begins so (a kind, or the first part of a key, as row_begin makes it), in no order. row returns
 * false to stop. May be called on any thread; lets others pass now and then. */
void rows_each(struct shared_rows *rows, struct str beginning, bool (*row)(void *data, const struct shared_row *row),
               void *data);
/* Appends all rows of a part, a line each. */
void rows_write(const struct shared_rows *rows, unsigned part, struct buf *out);

#endif
