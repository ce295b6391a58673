/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' JSONPath templates: "{.metadata.name}{"\n"}{range .items[*]}{.metadata.name} {end}".
 *
 * A path begins at the document, within a range at what the range is at ($ is the document there, too); its steps are
 * .name (a dot in a name is written \.), ['name'], [0], [-1], [0:2], [*] and .*, and on arrays a filter,
 * [?(@.type=="Running")], with == != < <= > >= or nothing for "is there". What is not there gives nothing, and is no
 * error. */
#ifndef MPIJOBD_JSON_PATH_JSONPATH_H
#define MPIJOBD_JSON_PATH_JSONPATH_H

#include "json/value.h"

struct jsonpath;

/* Reads a template. ERR_SYNTAX: the message names the place and the cure; ERR_NOMEM. */
int jsonpath_template(const char *text, struct jsonpath **out, struct error *err);
/* Reads one path alone; its braces and its first dot may be left out: "{.metadata.name}", ".metadata.name",
 * "metadata.name". Errors as above. */
int jsonpath_single(const char *text, struct jsonpath **out, struct error *err);
void jsonpath_free(struct jsonpath *path); /* NULL: nothing to do */

/* Appends what the template gives for the document: the values of a path with a space between them, text as it is,
 * everything else as JSON. 0, ERR_NOMEM, or ERR_LIMIT where out may not hold so much. */
int jsonpath_print(const struct jsonpath *path, struct json root, struct buf *out, struct error *err);
/* Calls visit with each value of a single path, in the document's order. 0 or ERR_NOMEM. */
int jsonpath_each(const struct jsonpath *path, struct json root, void (*visit)(void *data, struct json value),
                  void *data, struct error *err);

/* Appends a value as jsonpath_print does. */
void jsonpath_add_value(struct buf *out, struct json value);

#endif
