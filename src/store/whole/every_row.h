/* SPDX-License-Identifier: Apache-2.0 */
/* All rows of a state file, table by table, as they stand in it: for whoever writes them out in a form of his own. */
#ifndef MPIJOBD_STORE_WHOLE_EVERY_ROW_H
#define MPIJOBD_STORE_WHOLE_EVERY_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

enum store_cell_kind { STORE_CELL_NULL, STORE_CELL_NUMBER, STORE_CELL_TEXT, STORE_CELL_BYTES };

struct store_cell {
    const char *name; /* of the column */
    enum store_cell_kind kind;
    int64_t number;
    struct str bytes; /* of a text, too */
};

struct store_rows {
    const char *path;
    /* Before the first row: the schema, and the journal's head, "" where the file has no chain. False: stop. */
    bool (*begin)(void *data, int schema, const char *head);
    /* table: as "runs". The cells are valid during the call. False: stop. */
    bool (*row)(void *data, const char *table, const struct store_cell *cells, int count);
    void *data;
};

/* Every table of mpijobd's that the file has, the rows of each by their key, as all was at one instant; also of an
 * older schema, and beside a running daemon. Blocks; holds one row in memory. 0, also where it was stopped; errors as
 * of store_open_reader. */
int store_each_row(const struct store_rows *rows, struct error *err);

#endif
