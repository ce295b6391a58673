/* SPDX-License-Identifier: Apache-2.0 */
/* GET of many objects, page by page, and of one. */
#ifndef SIM_READ_LIST_H
#define SIM_READ_LIST_H
#include "sim/server/exchange.h"

/* Judges resourceVersionMatch and sendInitialEvents, of lists and watches. -1: answered with a 422. */
int list_options_check(struct exchange *x);
void verb_list(struct exchange *x); /* fills the response, as verb_get does */
void verb_get(struct exchange *x);
#endif
