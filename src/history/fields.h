/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the journal for programs, as JSON (an array of objects) or CSV (RFC 4180, with a line of names). */
#ifndef MPIJOBD_HISTORY_FIELDS_H
#define MPIJOBD_HISTORY_FIELDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "store/journal.h"
#include "json/write.h"

struct fields {
    bool csv;
    const char *replica; /* whose journal the next row is from, where there are several; NULL: there is one */
    FILE *to;            /* NULL: all rows are kept in `row` */
    struct json_writer w;
    struct buf row, names; /* of the row under way; names: of the first one, CSV */
    bool named, any;
};
void fields_begin(struct fields *f, bool csv, FILE *to);
void fields_end(struct fields *f);  /* of all rows; frees */
void fields_free(struct fields *f); /* where they end early */
void fields_row(struct fields *f);
void fields_row_end(struct fields *f);   /* written to the file */
void fields_row_names(struct fields *f); /* ends a row whose names alone are written, of CSV: there are no rows */
void fields_text(struct fields *f, const char *name, const char *text); /* NULL: null, or nothing */
void fields_number(struct fields *f, const char *name, int64_t n);
void fields_bool(struct fields *f, const char *name, bool value);
void fields_time(struct fields *f, const char *name, int64_t us);      /* 0: none */
void fields_raw(struct fields *f, const char *name, const char *json); /* NULL, or no JSON: null */
void fields_who(struct fields *f, const char *who, int64_t uid);
/* A change, a run, with all that is known of it. */
void fields_change(struct fields *f, const struct store_change *c);
void fields_run(struct fields *f, const struct store_run *run);

#endif
