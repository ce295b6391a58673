/* SPDX-License-Identifier: Apache-2.0 */
/* The part of OpenAPI v3 that custom resource definitions of jobs use: prune, default, validate. And the rules that
 * definitions have in CEL, in the forms that they take there:
 *
 *   'x-immutable':'MESSAGE'   self == oldSelf: not asked where the member comes or goes. true: "FIELD is immutable"
 *   'x-among':{'values':[...],'message':...}   self in [...]
 *   'x-name':{'label':MESSAGE,'length':MESSAGE}   at the root: metadata.name is a label of RFC 1035; of 63 characters
 *   'x-while':[{'condition':TYPE,'path':[...],'message':...},...]   at the root: what cannot be changed while a
 *       condition of the status is True. 'and-after':true: it has to be so afterwards, too. 'presence':true: it can
 *       be changed, but not come or go. 'if-both':true: it can come and go, but not be changed */
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
    char *field;       /* "spec.slotsPerWorker"; "<nil>": the whole object */
    char *message;     /* from "Invalid value: " on */
    const char *cause; /* "FieldValueInvalid" and so on; lives for ever */
};
struct schema_problems { /* begin with {0} */
    struct schema_problem *item;
    size_t count;
};
/* Finds what the schema refuses, and then what its rules refuse; what is as it was in old may stay. old: NULL at
 * creation. False: nothing was found. */
bool schema_check(const struct schema *s, json_object *doc, json_object *old, struct schema_problems *found);
/* Adds one. The message belongs to the list then; field: NULL: the whole object. */
void schema_add(struct schema_problems *list, const char *field, const char *cause, char *message);
void schema_problems_free(struct schema_problems *list);

/* Whether there are problems that are seen only beside the old document, as a change of what is immutable. Otherwise
 * the old document can only excuse a problem. */
bool schema_compares(const struct schema *s);
#endif
