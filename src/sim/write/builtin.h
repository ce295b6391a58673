/* SPDX-License-Identifier: Apache-2.0 */
/* What built-in kinds check and fill in. */
#ifndef SIM_WRITE_BUILTIN_H
#define SIM_WRITE_BUILTIN_H
#include "sim/server/exchange.h"

int builtin_prepare(struct exchange *x, json_object *doc, json_object *old); /* old: NULL at creation. -1: answered */
#endif
