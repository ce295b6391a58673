/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people, as kubectl prints it: columns as wide as their widest cell, two spaces between them. */
#ifndef MPIJOBD_CLI_TERMINAL_TABLE_H
#define MPIJOBD_CLI_TERMINAL_TABLE_H

#include <stdio.h>

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 32

struct table {
    struct buf cells; /* each ends in a NUL */
    size_t columns, rows;
    size_t widths[TABLE_COLUMNS_MAX]; /* of what was shown */
};

void table_begin(struct table *t, size_t columns, const char *const *heads);
void table_cell(struct table *t, const char *text); /* row by row; NULL: "-" */
void table_show(struct table *t, FILE *out);        /* the rows so far; those to come have columns as wide at least */
void table_print(struct table *t, FILE *out);       /* and frees */

#endif
