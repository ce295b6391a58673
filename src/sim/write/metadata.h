/* SPDX-License-Identifier: Apache-2.0 */
/* metadata, which every object has. -1: answered with the refusal. */
#ifndef SIM_WRITE_METADATA_H
#define SIM_WRITE_METADATA_H
#include "sim/server/exchange.h"

/* Checks the types of its members; drops empty and unknown ones, and adds the unknown ones to `unknown`. */
int metadata_shape(struct exchange *x, json_object *doc, struct doc_findings *unknown);
int metadata_validate(struct exchange *x, json_object *doc); /* names, labels, annotations, finalizers */
#endif
