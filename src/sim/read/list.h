/* Lists and their pages. */
#ifndef SIM_READ_LIST_H
#define SIM_READ_LIST_H
#include "sim/server/exchange.h"

int list_options_check(struct exchange *x); /* resourceVersionMatch and sendInitialEvents: 422 */
void verb_list(struct exchange *x);
#endif
