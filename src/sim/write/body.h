/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request as a document of the right kind. The functions return 0, or -1: answered with the refusal. */
#ifndef SIM_WRITE_BODY_H
#define SIM_WRITE_BODY_H
#include "sim/server/exchange.h"

struct body { /* free it with body_free whatever body_read returns */
    json_object *doc;
    struct doc_findings duplicates, unknown;
    bool whole_float; /* see struct doc_reading */
};
int body_read(struct exchange *x, struct body *b);
/* Adds Warnings, or refuses, as fieldValidation says. patched: the whole document, if the body was a patch; or NULL. */
int body_report(struct exchange *x, struct body *b, json_object *patched);
/* Checks metadata, drops what the schema lacks, and reports it. */
int body_clean(struct exchange *x, struct body *b, bool patch);
void body_free(struct body *b);
#endif
