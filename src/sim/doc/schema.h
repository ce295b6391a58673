/* The part of OpenAPI v3 that custom resource definitions of MPIJobs use: prune, default, validate. */
#ifndef SIM_DOC_SCHEMA_H
#define SIM_DOC_SCHEMA_H
#include "sim/doc/doc.h"

struct schema;

struct schema *schema_read(const char *text); /* JSON with ' for " */
void schema_free(struct schema *s);

/* Drops members that the schema does not have; unknown, if given, gets "unknown field ..." for each. True if any went.
 */
bool schema_prune(const struct schema *s, json_object *doc, struct doc_findings *unknown);
void schema_default(const struct schema *s, json_object *doc);

struct schema_problem {
    char *field;   /* "spec.slotsPerWorker" */
    char *message; /* from "Invalid value: " on */
    const char *cause;
};
/* The first value that the schema refuses; members that equal old's are tolerated. False: none. */
bool schema_problem(const struct schema *s, json_object *doc, json_object *old, struct schema_problem *p);

/* Whether a problem can only be seen beside the old document; otherwise that is needed to excuse one. */
bool schema_compares(const struct schema *s);
#endif
