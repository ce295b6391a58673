/* SPDX-License-Identifier: Apache-2.0 */
/* The Table form, which kubectl prints. These add to out. */
#ifndef SIM_READ_TABLE_H
#define SIM_READ_TABLE_H
#include "sim/server/exchange.h"

/* more: the continue token, or NULL. The caller ends the table with "]}". */
void table_head(struct exchange *x, struct buf *out, uint64_t version, const char *more);
void table_row(struct exchange *x, struct revision *rev, struct buf *out);
void table_one(struct exchange *x, struct revision *rev); /* a whole answer with one row */
#endif
