/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to a configuration, and what they share. kube_config.c chooses among them. What can fail returns 0,
 * ERR_INVALID (with file and line where there is a file), ERR_NOMEM, or what is said beside it. */
#ifndef MPIJOBD_KUBE_CONFIG_KUBE_CONFIG_PARTS_H
#define MPIJOBD_KUBE_CONFIG_KUBE_CONFIG_PARTS_H

#include "kube/config/config_yaml.h"
#include "kube/config/kube_config.h"

/* Kubeconfig files in their order of preference: what the first one says counts, entry by entry. */
struct kubeconfig {
    struct kube_yaml *files;
    size_t count;
};

/* Reads the files; those that are missing are left out, those without a document too, unless `must` is set.
 * Each has to look like a kubeconfig. ERR_NOT_FOUND, ERR_SYNTAX, and those of buf_read_file. */
int kubeconfig_open(struct kubeconfig *kc, char *const *paths, size_t count, bool must, struct error *err);
void kubeconfig_close(struct kubeconfig *kc);

/* Calls visit with the name of each context, valid as long as kc is open. */
void kubeconfig_contexts(const struct kubeconfig *kc, void (*visit)(void *data, struct str name), void *data);

/* Fills config from a context; NULL: the current one. ERR_NOT_FOUND names those that there are. */
int kubeconfig_resolve(const struct kubeconfig *kc, const char *context, struct kube_config *config, struct error *err);
/* The context's user, with everything that can prove who it is. cluster: a plugin may want to know it. */
int kubeconfig_user(struct kube_node user, struct str name, struct kube_node cluster, struct kube_config *config,
                    struct error *err);
/* The user's `exec`. ERR_INVALID, ERR_NOMEM. */
int kubeconfig_exec(struct kube_node exec, struct str user, struct kube_node cluster, struct kube_exec **out,
                    struct error *err);
void kube_exec_free(struct kube_exec *exec); /* wipes its environment; NULL is allowed */

/* A path relative to the file that holds it, made absolute and tried: ERR_NOT_FOUND or ERR_IO name
 * it with its place. */
int kubeconfig_path(struct kube_node map, const char *key, char **out, struct error *err);
/* A *-data member, decoded, which must be PEM. */
int kubeconfig_data(struct kube_node map, const char *key, struct buf *out, struct error *err);
/* A member as a copy; NULL stays where it is absent or "". */
int kubeconfig_copy(struct kube_node map, const char *key, char **out, struct error *err);

/* A pod's service account. ERR_NOT_FOUND: this is no pod; ERR_IO: its files cannot be read. */
bool kube_incluster_possible(const struct kube_config_source *source);
int kube_incluster(const struct kube_config_source *source, struct kube_config *config, struct error *err);

/* An access key or a user of Huawei Cloud's IAM: goes with a server by hand. */
int kube_config_access_key(const struct kube_config_source *source, struct kube_config *config, struct error *err);
int kube_config_iam(const struct kube_config_source *source, struct kube_config *config, struct error *err);

/* Sets config->server from text: a scheme if it has none, no slash at the end; refuses what is no URL of a server.
 * where: for messages. */
int kube_config_server(struct kube_config *config, struct str text, const char *where, struct error *err);
/* Whether a file can be read: 0, or the error. where: for messages. */
int kube_config_readable(const char *path, const char *where, struct error *err);

#endif
