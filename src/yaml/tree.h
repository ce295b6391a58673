/* SPDX-License-Identifier: Apache-2.0 */
/* YAML, and so JSON, read into a tree. Scalars stay as they were written: whoever asks for one decides what it means,
 * or leaves that to scalar.c.
 *
 * A tree may hold secrets, as a kubeconfig does: all of its memory is wiped when it goes. What libyaml copies while it
 * reads a long value, it does not wipe.
 *
 *     yaml_tree_parse(text, "job.yaml", &tree, &err);
 *     struct yaml_node name = yaml_get(yaml_get(yaml_root(tree), "metadata"), "name");
 *     if (yaml_kind(name) == YAML_SCALAR) ... yaml_text(name), yaml_line(name) ...
 *     yaml_tree_free(tree); */
#ifndef MPIJOBD_YAML_TREE_H
#define MPIJOBD_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

struct yaml_tree;

/* Reads the first document of the text. file: for messages, copied. The text has to stay only as long as
 * yaml_tree_next may be called. 0; ERR_SYNTAX with "FILE:LINE: ..."; ERR_LIMIT: the text has 2 GiB or more;
 * ERR_NOMEM. */
int yaml_tree_parse(struct str text, const char *file, struct yaml_tree **tree, struct error *err);
/* Reads the next document in place of the present one, whose nodes are no longer valid. There is no other document when
 * yaml_root is absent after it. Errors as above; the tree is then still to be freed. */
int yaml_tree_next(struct yaml_tree *tree, struct error *err);
void yaml_tree_free(struct yaml_tree *tree); /* NULL is allowed */

enum yaml_kind { YAML_ABSENT, YAML_SCALAR, YAML_LIST, YAML_MAP };

/* A place in the tree. Aliases lead to the node that they stand for: a node may so be in several places, and within
 * itself. */
struct yaml_node {
    const struct yaml_tree *tree;
    uint32_t id; /* 0: absent */
};

struct yaml_node yaml_root(const struct yaml_tree *tree); /* absent: there was no document, or only comments */
enum yaml_kind yaml_kind(struct yaml_node node);
size_t yaml_line(struct yaml_node node); /* from 1; 0: the node is absent */

/* The bytes of a scalar, followed by a NUL that is not counted; they may hold other NULs. {NULL, 0} for other nodes. */
struct str yaml_text(struct yaml_node node);
/* A plain scalar that stands for null: an empty one, "~", "null". */
bool yaml_is_null(struct yaml_node node);

/* Items of a list, members of a map; 0 for other nodes. Below: i from 0 to less than this. */
size_t yaml_count(struct yaml_node node);
struct yaml_node yaml_item(struct yaml_node list, size_t i);
struct yaml_node yaml_key(struct yaml_node map, size_t i);
struct yaml_node yaml_value(struct yaml_node map, size_t i);

/* The member of that key, the last one if the key is given twice; then what merge keys (<<) bring in. Absent if
 * `map` has no such key, or is no map. */
struct yaml_node yaml_get(struct yaml_node map, const char *key);

#endif
