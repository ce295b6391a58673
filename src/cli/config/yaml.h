/* YAML by way of libyaml: text to JSON and back. For configuration and whole objects on the command line. */
#ifndef MPIJOBD_CLI_CONFIG_YAML_H
#define MPIJOBD_CLI_CONFIG_YAML_H

#include "json/value.h"

/* Appends the document as JSON. Plain scalars by YAML's core schema (true, 3, 1.5, null); quoted ones are strings.
 * Several documents, duplicate keys and anchors that lead back to themselves are errors; messages say "FILE:LINE: ...".
 * JSON is YAML too. */
int yaml_to_json(struct str text, const char *file, struct buf *out, struct error *err);

/* The line of the node that a JSON pointer leads to, 0 if it is not there. */
int yaml_line(struct str text, const char *pointer);

/* Appends the value as YAML, in the way that kubectl prints it (block style, two spaces). */
int json_to_yaml(struct json root, struct buf *out, struct error *err);

#endif
