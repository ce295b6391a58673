/* SPDX-License-Identifier: Apache-2.0 */
/* From the path and the method to a resource and a verb, and what is checked before any verb. */
#ifndef SIM_API_ROUTE_H
#define SIM_API_ROUTE_H
#include "sim/server/exchange.h"

bool route(struct exchange *x);    /* fills res, version, ns, name, sub and verb; false: no resource has this path */
int authorize(struct exchange *x); /* whether x->user may do that; -1: answered */
int options_check(struct exchange *x); /* dryRun, fieldValidation, fieldManager; -1: answered */
#endif
