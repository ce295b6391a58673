/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people, as kubectl prints it: columns as wide as their widest cell, two spaces between them. On a
 * terminal that is too narrow, cells that may be folded go on in the next line, then columns that may be left out are,
 * which standard error says; nothing is ever cut. Into a pipe or a file all of it goes, without colour. */
#ifndef MPIJOBD_CLI_TERMINAL_TABLE_H
#define MPIJOBD_CLI_TERMINAL_TABLE_H

#include <stdio.h>

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 32

enum tint { TINT_PLAIN, TINT_GOOD, TINT_HEED, TINT_BAD };

struct table {
    struct buf cells; /* each ends in a NUL */
    struct buf tints; /* a byte a cell */
    size_t columns;
    const char *const *fold, *const *drop; /* heads */
    size_t widths[TABLE_COLUMNS_MAX];      /* of what was shown */
    uint32_t folded, dropped;              /* bits: columns */
    bool fitted;
};

void table_begin(struct table *t, size_t columns, const char *const *heads);
/* Which columns may be folded, and which may be left out, the least needed first: by their heads, NULL-terminated lists
 * that outlive the table. Names of jobs and policies belong in neither. Before the first row. */
void table_narrow(struct table *t, const char *const *fold, const char *const *drop);
void table_cell(struct table *t, const char *text); /* row by row; NULL: "-" */
void table_tint(struct table *t, enum tint tint);   /* of the last cell */
void table_show(struct table *t, FILE *out);        /* the rows so far; those to come have columns as wide at least */
void table_print(struct table *t, FILE *out);       /* and frees */
void table_free(struct table *t);

#endif
