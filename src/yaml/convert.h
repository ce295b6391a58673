/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to JSON and back, for configuration and for whole objects on the command line. */
#ifndef MPIJOBD_YAML_CONVERT_H
#define MPIJOBD_YAML_CONVERT_H

#include "yaml/tree.h"
#include "json/value.h"

/* Appends the node as JSON, as kubectl reads it: see scalar.c and members.c. A number keeps its digits, which kubectl's
 * would lose beyond a double. 0; ERR_SYNTAX with "FILE:LINE: ...": a key that is no scalar, is null or stands twice; a
 * tag that does not fit; .inf and .nan; more than 64 levels, or an anchor that leads back to itself; more than 16 MiB
 * of JSON or a million merged members; ERR_LIMIT: more than out->max; ERR_NOMEM. */
int yaml_node_to_json(struct yaml_node node, struct buf *out, struct error *err);

/* Appends the document that the text holds. Errors as above and as yaml_tree_parse; an empty text and one with several
 * documents are ERR_SYNTAX. */
int yaml_to_json(struct str text, const char *file, struct buf *out, struct error *err);

/* The same with all documents of the text, as an array; those without a value (a `---` at the end) are left out.
 * Errors as of yaml_to_json. */
int yaml_documents_to_json(struct str text, const char *file, struct buf *out, struct error *err);

/* The line, from 1, of the node that a JSON pointer leads to in the text's first document; 0: it is not there. */
int yaml_pointer_line(struct str text, const char *pointer);

/* Appends the value as YAML, in the way that kubectl prints it: block style, two spaces. 0, ERR_LIMIT or ERR_NOMEM. */
int json_to_yaml(struct json root, struct buf *out, struct error *err);

#endif
