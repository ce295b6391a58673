/* A YAML (or JSON) file as a tree of raw scalars: nothing is turned into numbers or booleans before somebody asks for
 * one. Made for kubeconfig files: small, full of secrets (wiped when freed), and answered for with file and line. */
#ifndef MPIJOBD_KUBE_CONFIG_CONFIG_YAML_H
#define MPIJOBD_KUBE_CONFIG_CONFIG_YAML_H

#include <stdbool.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/error.h"

struct kube_yaml {
    char *path;   /* as it was named, for messages */
    char *folder; /* absolute; relative paths in the file start here */
    bool empty;   /* no document in it: nothing, or only white space and comments */
    yaml_document_t document;
};

/* ERR_NOT_FOUND: no such file; ERR_IO, ERR_SYNTAX (with the line), ERR_LIMIT. Only the first document of a file counts.
 */
int kube_yaml_load(struct kube_yaml *yaml, const char *path, struct error *err);
void kube_yaml_free(struct kube_yaml *yaml);

/* A place in the tree; node NULL: absent. `null` and an empty plain scalar are absent too, as for kubectl. */
struct kube_node {
    struct kube_yaml *yaml;
    yaml_node_t *node;
};

struct kube_node kube_yaml_root(struct kube_yaml *yaml);
/* A mapping's member: of a key that stands twice, the last; then what merge keys (<<) bring in. */
struct kube_node kube_node_get(struct kube_node map, const char *key);
size_t kube_node_count(struct kube_node list);
struct kube_node kube_node_item(struct kube_node list, size_t i);
unsigned long kube_node_line(struct kube_node node); /* from 1 */

static inline bool kube_node_exists(struct kube_node node)
{
    return node.node != NULL;
}

bool kube_node_is_map(struct kube_node node);
bool kube_node_is_list(struct kube_node node);
bool kube_node_is(struct kube_node node, const char *text); /* a scalar of that text */

/* `key` of map as text; *out stays {NULL, 0} if absent. The text lives as long as the tree. ERR_INVALID: a list or a
 * mapping stands there. */
int kube_node_text(struct kube_node map, const char *key, struct str *out, struct error *err);
/* false where absent. ERR_INVALID: neither true nor false. */
int kube_node_bool(struct kube_node map, const char *key, bool *out, struct error *err);

#endif
