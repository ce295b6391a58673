/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people, as kubectl prints it: columns as wide as their widest cell, two spaces between them. */
#ifndef MPIJOBD_CLI_SESSION_TABLE_H
#define MPIJOBD_CLI_SESSION_TABLE_H

#include <stdio.h>

#include "base/buf.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    struct buf cells; /* each ends in a NUL */
    size_t columns, rows;
};

void table_begin(struct table *t, size_t columns, const char *const *heads);
void table_cell(struct table *t, const char *text); /* row by row; NULL: "-" */
void table_print(struct table *t, FILE *out);       /* and frees */

#endif
