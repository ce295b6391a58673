/* SPDX-License-Identifier: Apache-2.0 */
/* Label and field selectors. */
#ifndef SIM_READ_SELECTOR_H
#define SIM_READ_SELECTOR_H
#include "sim/server/exchange.h"

enum selector_op { OP_EQUALS, OP_DIFFERS, OP_IN, OP_NOT_IN, OP_EXISTS, OP_ABSENT, OP_GREATER, OP_LESS };

struct requirement { /* on one label or field */
    char *key;
    enum selector_op op;
    char **value;
    size_t values;
};

struct selector {
    struct requirement *label, *field;
    size_t labels, fields;
};

/* Reads labelSelector and fieldSelector of the query. 0: s is to be freed. -1: answered with a 400. */
int selector_read(struct exchange *x, struct selector *s);
void selector_clear(struct selector *s);
bool selector_empty(const struct selector *s); /* it selects everything */
bool selector_matches(const struct selector *s, const struct revision *rev);
#endif
