/* The request's body as a document of the right kind, or a failure. */
#ifndef SIM_WRITE_BODY_H
#define SIM_WRITE_BODY_H
#include "sim/server/exchange.h"

struct body {
    json_object *doc;
    struct doc_findings duplicates, unknown;
    bool whole_float;
};
int body_read(struct exchange *x, struct body *b);
int body_report(struct exchange *x, struct body *b, json_object *patched); /* Warnings, or the refusal under Strict */
int body_clean(struct exchange *x, struct body *b, bool patch);            /* shapes metadata, prunes, reports */
void body_free(struct body *b);
#endif
