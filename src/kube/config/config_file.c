/* SPDX-License-Identifier: Apache-2.0 */
/* Kubeconfig files as kubectl reads them: merged entry by entry, resolved from a context. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "kube/config/kube_config_parts.h"

#define NAMES_SHOWN 20 /* in a message */

static int check_shape(struct kube_yaml *yaml, struct error *err)
{
    struct kube_node root = kube_yaml_root(yaml), kind = kube_node_get(root, "kind");
    static const char *const lists[] = {"clusters", "users", "contexts"};
    if (!kube_node_is_map(root))
        return error_set(err, ERR_INVALID, "%s:%lu: this is no kubeconfig: it has no clusters, users and contexts",
                         yaml->path, kube_node_line(root));
    if (kube_node_exists(kind) && !kube_node_is(kind, "Config"))
        return error_set(err, ERR_INVALID, "%s:%lu: this is no kubeconfig: its kind is not Config", yaml->path,
                         kube_node_line(kind));
    for (size_t i = 0; i < 3; i++) {
        struct kube_node list = kube_node_get(root, lists[i]);
        if (kube_node_exists(list) && !kube_node_is_list(list))
            return error_set(err, ERR_INVALID, "%s:%lu: %s must be a list", yaml->path, kube_node_line(list), lists[i]);
    }
    return 0;
}

/* Such as a file of comments, or what `kubectl config view` prints where there is nothing: kubectl passes over it. */
static bool says_nothing(struct kube_yaml *yaml)
{
    struct kube_node root = kube_yaml_root(yaml), current = kube_node_get(root, "current-context");
    bool named = kube_node_exists(current) && !kube_node_is(current, "");
    return !named && !kube_node_count(kube_node_get(root, "clusters")) &&
           !kube_node_count(kube_node_get(root, "users")) && !kube_node_count(kube_node_get(root, "contexts"));
}

static int open_one(struct kubeconfig *kc, const char *path, bool must, struct error *err)
{
    struct kube_yaml *yaml = &kc->files[kc->count];
    struct error why;
    int rc = kube_yaml_load(yaml, path, &why);
    if (rc == ERR_NOT_FOUND && !must)
        return 0;
    if (rc == ERR_NOT_FOUND)
        return error_set(err, ERR_NOT_FOUND, "no kubeconfig at %s: there is no such file", path);
    if (rc) {
        if (err)
            *err = why;
        return rc;
    }
    rc = kube_node_exists(kube_yaml_root(yaml)) ? check_shape(yaml, err) : 0;
    if (!rc && !says_nothing(yaml)) {
        kc->count++;
        return 0;
    }
    if (!rc && must)
        rc = error_set(err, ERR_INVALID,
                       "%s is empty: a kubeconfig has clusters, users, contexts and a current-context", path);
    kube_yaml_free(yaml);
    return rc;
}

int kubeconfig_open(struct kubeconfig *kc, char *const *paths, size_t count, bool must, struct error *err)
{
    kc->files = calloc(count ? count : 1, sizeof *kc->files);
    kc->count = 0;
    if (!kc->files)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = open_one(kc, paths[i], must, err);
        if (rc)
            return rc;
    }
    return 0;
}

void kubeconfig_close(struct kubeconfig *kc)
{
    for (size_t i = 0; i < kc->count; i++)
        kube_yaml_free(&kc->files[i]);
    free(kc->files);
    *kc = (struct kubeconfig){0};
}

static struct kube_node list_of(const struct kubeconfig *kc, size_t file, const char *list)
{
    return kube_node_get(kube_yaml_root(&kc->files[file]), list);
}

/* Whether an earlier file has an entry of that name, which then counts. */
static bool is_shadowed(const struct kubeconfig *kc, size_t file, const char *list, struct str name)
{
    for (size_t f = 0; f < file; f++) {
        struct kube_node items = list_of(kc, f, list);
        for (size_t i = 0; i < kube_node_count(items); i++) {
            struct str other;
            if (!kube_node_text(kube_node_item(items, i), "name", &other, NULL) && str_eq(name, other))
                return true;
        }
    }
    return false;
}

/* Appends the names of a list's entries ("clusters", "users" or "contexts"), comma separated;
 * "none" if the file has no entries. */
static void add_names(const struct kubeconfig *kc, const char *list, struct buf *out)
{
    size_t named = 0;
    for (size_t f = 0; f < kc->count; f++) {
        struct kube_node items = list_of(kc, f, list);
        for (size_t i = 0; i < kube_node_count(items); i++) {
            struct str name;
            if (kube_node_text(kube_node_item(items, i), "name", &name, NULL) || !name.len ||
                is_shadowed(kc, f, list, name))
                continue;
            if (++named > NAMES_SHOWN) {
                buf_puts(out, ", ...");
                return;
            }
            buf_printf(out, "%s%.*s", named > 1 ? ", " : "", (int)name.len, name.ptr);
        }
    }
    if (!named)
        buf_puts(out, "none");
}

void kubeconfig_contexts(const struct kubeconfig *kc, void (*visit)(void *data, struct str name), void *data)
{
    for (size_t f = 0; f < kc->count; f++) {
        struct kube_node items = list_of(kc, f, "contexts");
        for (size_t i = 0; i < kube_node_count(items); i++) {
            struct str name;
            if (!kube_node_text(kube_node_item(items, i), "name", &name, NULL) && name.len &&
                !is_shadowed(kc, f, "contexts", name))
                visit(data, name);
        }
    }
}

static int not_found(const struct kubeconfig *kc, const char *list, struct str name, struct error *err)
{
    struct buf names = BUF_INIT, files = BUF_INIT;
    add_names(kc, list, &names);
    for (size_t i = 0; i < kc->count; i++)
        buf_printf(&files, "%s%s", i ? ", " : "", kc->files[i].path);
    int rc = names.failed || files.failed
                 ? error_nomem(err)
                 : error_set(err, ERR_NOT_FOUND, "no %.*s \"%.*s\" in %s; it has %s", (int)strlen(list) - 1, list,
                             (int)name.len, name.ptr, files.ptr, names.ptr);
    buf_free(&names);
    buf_free(&files);
    return rc;
}

/* An entry's inner mapping (absent if it has none). ERR_NOT_FOUND names those that there are; ERR_INVALID: the name
 * stands twice in one file. */
static int find_entry(const struct kubeconfig *kc, const char *list, struct str name, struct kube_node *entry,
                      struct error *err)
{
    for (size_t f = 0; f < kc->count; f++) {
        struct kube_node items = list_of(kc, f, list), found = {0};
        for (size_t i = 0; i < kube_node_count(items); i++) {
            struct kube_node item = kube_node_item(items, i);
            struct str other;
            if (kube_node_text(item, "name", &other, NULL) || !str_eq(name, other))
                continue;
            if (kube_node_exists(found))
                return error_set(
                    err, ERR_INVALID,
                    "%s:%lu: \"%.*s\" stands twice in %s, first in line %lu; take one out (kubectl refuses this too)",
                    kc->files[f].path, kube_node_line(item), (int)name.len, name.ptr, list, kube_node_line(found));
            found = item;
        }
        if (kube_node_exists(found)) {
            char inner[16];
            size_t n = strlen(list) - 1; /* clusters: [{name, cluster}] */
            memcpy(inner, list, n);
            inner[n] = '\0';
            *entry = kube_node_get(found, inner);
            entry->yaml = found.yaml;
            return 0;
        }
    }
    return not_found(kc, list, name, err);
}

int kubeconfig_copy(struct kube_node map, const char *key, char **out, struct error *err)
{
    struct str text;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    *out = str_dup(text);
    return *out ? 0 : error_nomem(err);
}

int kubeconfig_path(struct kube_node map, const char *key, char **out, struct error *err)
{
    struct str text;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    struct buf path = BUF_INIT;
    if (text.ptr[0] != '/')
        buf_printf(&path, "%s/", map.yaml->folder);
    buf_add_str(&path, text);
    *out = buf_take(&path, NULL);
    if (!*out)
        return error_nomem(err);
    struct buf where = BUF_INIT;
    buf_printf(&where, "%s:%lu: %s", map.yaml->path, kube_node_line(kube_node_get(map, key)), key);
    rc = where.failed ? error_nomem(err) : kube_config_readable(*out, where.ptr, err);
    buf_free(&where);
    return rc;
}

int kubeconfig_data(struct kube_node map, const char *key, struct buf *out, struct error *err)
{
    struct str text;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    unsigned long line = kube_node_line(kube_node_get(map, key));
    if (!base64_decode(text, out)) {
        if (out->failed)
            return error_nomem(err);
        return error_set(err, ERR_INVALID, "%s:%lu: %s is no valid base64", map.yaml->path, line, key);
    }
    if (!memmem(out->ptr, out->len, "-----BEGIN ", 11))
        return error_set(err, ERR_INVALID, "%s:%lu: %s holds no PEM (\"-----BEGIN ...\") once decoded", map.yaml->path,
                         line, key);
    return 0;
}

static int current_context(const struct kubeconfig *kc, struct str *name, struct error *err)
{
    for (size_t f = 0; f < kc->count; f++) {
        int rc = kube_node_text(kube_yaml_root(&kc->files[f]), "current-context", name, err);
        if (rc || name->len)
            return rc;
    }
    struct buf names = BUF_INIT;
    add_names(kc, "contexts", &names);
    int rc = names.failed ? error_nomem(err)
                          : error_set(err, ERR_INVALID, "%s names no current-context; choose one with --context: %s",
                                      kc->files[0].path, names.ptr);
    buf_free(&names);
    return rc;
}

static int fill_cluster(struct kube_node cluster, struct str name, struct kube_config *config, struct error *err)
{
    struct str server;
    struct buf where = BUF_INIT;
    int rc = kube_node_bool(cluster, "insecure-skip-tls-verify", &config->insecure, err);
    if (!rc)
        rc = kubeconfig_data(cluster, "certificate-authority-data", &config->ca, err);
    if (!rc && !config->ca.len)
        rc = kubeconfig_path(cluster, "certificate-authority", &config->ca_file, err);
    if (!rc && config->insecure && (config->ca.len || config->ca_file))
        rc = error_set(
            err, ERR_INVALID,
            "%s:%lu: cluster \"%.*s\" has a certificate authority and insecure-skip-tls-verify; take one of them out",
            cluster.yaml->path, kube_node_line(cluster), (int)name.len, name.ptr);
    if (!rc)
        rc = kubeconfig_copy(cluster, "tls-server-name", &config->tls_server_name, err);
    if (!rc)
        rc = kubeconfig_copy(cluster, "proxy-url", &config->proxy_url, err);
    if (!rc && config->proxy_url && strncmp(config->proxy_url, "http://", 7) != 0 &&
        strncmp(config->proxy_url, "https://", 8) != 0 && strncmp(config->proxy_url, "socks5://", 9) != 0)
        rc = error_set(err, ERR_INVALID, "%s:%lu: proxy-url must begin with http://, https:// or socks5://",
                       cluster.yaml->path, kube_node_line(kube_node_get(cluster, "proxy-url")));
    if (!rc)
        rc = kube_node_text(cluster, "server", &server, err);
    if (!rc && !server.len)
        rc = error_set(err, ERR_INVALID, "%s:%lu: cluster \"%.*s\" has no server", cluster.yaml->path,
                       kube_node_line(cluster), (int)name.len, name.ptr);
    if (!rc) {
        buf_printf(&where, "%s:%lu", cluster.yaml->path, kube_node_line(kube_node_get(cluster, "server")));
        rc = where.failed ? error_nomem(err) : kube_config_server(config, server, where.ptr, err);
    }
    buf_free(&where);
    return rc;
}

static int name_itself(struct kube_node context, struct str name, struct kube_config *config, struct error *err)
{
    struct buf origin = BUF_INIT;
    buf_printf(&origin, "%s, context %.*s", context.yaml->path, (int)name.len, name.ptr);
    config->origin = buf_take(&origin, NULL);
    config->context = str_dup(name);
    if (!config->origin || !config->context)
        return error_nomem(err);
    int rc = kubeconfig_copy(context, "namespace", &config->name_space, err);
    if (!rc && !config->name_space && !(config->name_space = str_dup(str_of("default"))))
        rc = error_nomem(err);
    return rc;
}

int kubeconfig_resolve(const struct kubeconfig *kc, const char *context_name, struct kube_config *config,
                       struct error *err)
{
    struct str name = str_of(context_name), cluster_name, user_name;
    struct kube_node context, cluster, user;
    int rc = name.len ? 0 : current_context(kc, &name, err);
    if (!rc)
        rc = find_entry(kc, "contexts", name, &context, err);
    if (!rc)
        rc = name_itself(context, name, config, err);
    if (!rc)
        rc = kube_node_text(context, "cluster", &cluster_name, err);
    if (!rc && !cluster_name.len)
        rc = error_set(err, ERR_INVALID, "%s:%lu: context \"%.*s\" names no cluster", context.yaml->path,
                       kube_node_line(context), (int)name.len, name.ptr);
    if (!rc)
        rc = find_entry(kc, "clusters", cluster_name, &cluster, err);
    if (!rc)
        rc = fill_cluster(cluster, cluster_name, config, err);
    if (!rc)
        rc = kube_node_text(context, "user", &user_name, err);
    if (rc || !user_name.len)
        return rc;
    rc = find_entry(kc, "users", user_name, &user, err);
    return rc ? rc : kubeconfig_user(user, user_name, cluster, config, err);
}
