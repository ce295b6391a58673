/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of the rows (shared_rows.h): written, and read again. What is written ends with a line's end; failures
 * stick in the buffer. Instants are microseconds since 1970. */
#ifndef MPIJOBD_SHARED_ROW_LINE_H
#define MPIJOBD_SHARED_ROW_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "json/value.h"

struct shared_row;
struct store_handled;
struct store_intent;
struct store_kept;
struct store_run;

enum row_line_kind {
    LINE_MARK = 'm',
    LINE_MARK_LATER = 'M',
    LINE_HANDLED = 'h',
    LINE_KEPT = 'k',
    LINE_RUN = 'r',
    LINE_INTENDED = 'i',
    LINE_CHANGED = 'd'
};

/* Appends a key: the kind and its one or two parts (b NULL: one). With a comma behind it, it is the beginning of the
 * rows whose keys go on. */
void row_line_key(struct buf *out, enum row_line_kind kind, const char *a, const char *b);
void row_line_gone(struct buf *out, enum row_line_kind kind, const char *a, const char *b);

void row_line_mark(struct buf *out, const char *key, int64_t at, bool later);
void row_line_handled(struct buf *out, const struct store_handled *row); /* value NULL: it is removed */
void row_line_kept(struct buf *out, const struct store_kept *row);       /* the same */
void row_line_changed(struct buf *out, int64_t run, const char *uid, int64_t at);
/* The values of a run and of a change that is intended, with what ends the line; their keys come before them. replica:
 * whose journal has the row. waiting: the run has ended, and waits for approval. */
void row_line_run_value(struct buf *out, const struct store_run *run, const char *replica, bool waiting);
void row_line_intended_value(struct buf *out, const struct store_intent *intent, const char *replica);

/* A row's elements behind its kind. */
#define LINE_ELEMENTS 5
struct row_line_row {
    struct json elements[LINE_ELEMENTS]; /* absent: there are no more */
};
struct row_line_row row_line_read(const struct shared_row *row);
bool row_line_mark_at(const struct shared_row *row, int64_t *at);

#define LINE_NUMBER 24
const char *row_line_number(int64_t number, char out[LINE_NUMBER]); /* "17" */

#endif
