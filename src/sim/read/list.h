/* Lists, their pages, and the versions that reads may ask for. */
#ifndef SIM_READ_LIST_H
#define SIM_READ_LIST_H
#include "sim/read/selector.h"

int version_read(struct exchange *x, const char *text, uint64_t *version); /* -1: answered with a 400 */
int fail_future_version(struct exchange *x, uint64_t version);
int list_options_check(struct exchange *x); /* resourceVersionMatch and sendInitialEvents: 422 */

/* table.c: what kubectl prints */
void table_begin(struct exchange *x, struct buf *out, uint64_t version, const char *more);
void table_row(struct exchange *x, struct revision *rev, struct buf *out);
void table_one(struct exchange *x, struct revision *rev);
#endif
