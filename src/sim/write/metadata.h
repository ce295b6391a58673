/* metadata, which every object has: its shape and its rules. */
#ifndef SIM_WRITE_METADATA_H
#define SIM_WRITE_METADATA_H
#include "sim/server/exchange.h"

int metadata_shape(struct exchange *x, json_object *doc,
                   struct doc_findings *unknown); /* types; drops what is unknown */
int metadata_validate(struct exchange *x, json_object *doc);
#endif
