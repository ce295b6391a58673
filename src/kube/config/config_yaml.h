/* SPDX-License-Identifier: Apache-2.0 */
/* A kubeconfig file as a tree, with the getters that its readers need: each answers for a wrong value with file and
 * line. */
#ifndef MPIJOBD_KUBE_CONFIG_CONFIG_YAML_H
#define MPIJOBD_KUBE_CONFIG_CONFIG_YAML_H

#include "yaml/tree.h"

struct kube_yaml {
    char *path;   /* as it was named, for messages */
    char *folder; /* absolute; relative paths in the file start here */
    bool empty;   /* no document in it: nothing, or only white space and comments */
    struct yaml_tree *tree;
};

/* 0; ERR_NOT_FOUND: there is no such file; ERR_IO; ERR_SYNTAX, with the line; ERR_LIMIT: more than 8 MiB; ERR_NOMEM.
 * Only the first document of a file counts. */
int kube_yaml_load(struct kube_yaml *yaml, const char *path, struct error *err);
void kube_yaml_free(struct kube_yaml *yaml); /* wipes what the file held */

/* A place in the tree. `null` and an empty plain scalar are absent, as for kubectl. */
struct kube_node {
    struct kube_yaml *yaml;
    struct yaml_node at;
};

struct kube_node kube_yaml_root(struct kube_yaml *yaml);
/* A map's member: of a key that stands twice, the last; then what merge keys (<<) bring in. */
struct kube_node kube_node_get(struct kube_node map, const char *key);
size_t kube_node_count(struct kube_node list); /* 0 where it is no list */
struct kube_node kube_node_item(struct kube_node list, size_t i);
unsigned long kube_node_line(struct kube_node node); /* from 1 */

static inline bool kube_node_exists(struct kube_node node)
{
    return yaml_kind(node.at) != YAML_ABSENT;
}

static inline bool kube_node_is_map(struct kube_node node)
{
    return yaml_kind(node.at) == YAML_MAP;
}

static inline bool kube_node_is_list(struct kube_node node)
{
    return yaml_kind(node.at) == YAML_LIST;
}

static inline bool kube_node_is_scalar(struct kube_node node)
{
    return yaml_kind(node.at) == YAML_SCALAR;
}

bool kube_node_is(struct kube_node node, const char *text); /* a scalar of that text */

/* `key` of map as text; *out stays {NULL, 0} if absent. The text lives as long as the tree. 0, or ERR_INVALID: a list
 * or a map stands there, or the text has a NUL byte in it. */
int kube_node_text(struct kube_node map, const char *key, struct str *out, struct error *err);
/* false where absent. 0, or ERR_INVALID: neither true nor false. */
int kube_node_bool(struct kube_node map, const char *key, bool *out, struct error *err);

#endif
