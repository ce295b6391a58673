/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: they are objects too, and nothing can be made in one that is missing or being deleted. */
#ifndef SIM_SERVER_NAMESPACE_H
#define SIM_SERVER_NAMESPACE_H
#include "sim/server/exchange.h"

void namespace_make(struct sim *sim, const char *name);  /* unless it exists */
int namespace_open(struct exchange *x);                  /* may an object be created in it? -1: answered */
void namespace_removed(struct sim *sim, const char *ns); /* an object in it is gone: it may end now */
void namespace_empty(struct exchange *x);                /* DELETE of x->name: removes what is in it, marks it */
#endif
