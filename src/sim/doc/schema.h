/* SPDX-License-Identifier: Apache-2.0 */
/* The part of OpenAPI v3 that custom resource definitions of MPIJobs use: prune, default, validate. */
#ifndef SIM_DOC_SCHEMA_H
#define SIM_DOC_SCHEMA_H
#include "sim/doc/doc.h"

struct schema;

struct schema *schema_read(const char *text); /* JSON with ' in place of " */
void schema_free(struct schema *s);

/* Drops members that the schema does not have. True: there were some. unknown: gets "unknown field ..." for each, and
 * may be NULL. */
bool schema_prune(const struct schema *s, json_object *doc, struct doc_findings *unknown);
void schema_default(const struct schema *s, json_object *doc);

struct schema_problem {
    char *field;   /* "spec.slotsPerWorker" */
    char *message; /* from "Invalid value: " on */
    const char *cause;
};
/* Finds the first value that the schema refuses; a member that equals that of old may stay. False: all values are good.
 * old may be NULL. The texts in p are to be freed. */
bool schema_problem(const struct schema *s, json_object *doc, json_object *old, struct schema_problem *p);

/* Whether there are problems that are seen only beside the old document, as a change of what is immutable. Otherwise
 * the old document can only excuse a problem. */
bool schema_compares(const struct schema *s);
#endif
