/* Namespaces: they are objects too, and nothing can be made in one that is missing or going. */
#ifndef SIM_SERVER_NAMESPACE_H
#define SIM_SERVER_NAMESPACE_H
#include "sim/server/exchange.h"

void namespace_make(struct sim *sim, const char *name);
int namespace_check(struct exchange *x);                 /* may something be created there? */
void namespace_removed(struct sim *sim, const char *ns); /* after a delete within: does a terminating one end? */
void namespace_empty(struct exchange *x);
#endif
