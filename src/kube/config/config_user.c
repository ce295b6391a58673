/* SPDX-License-Identifier: Apache-2.0 */
/* The user of a kubeconfig: which ways of proving who it is are there, and whether they go together. */
#include <stdlib.h>
#include <string.h>

#include "kube/config/kube_config_parts.h"

static int secret_text(struct kube_node map, const char *key, struct buf *out, struct error *err)
{
    struct str text;
    int rc = kube_node_text(map, key, &text, err);
    if (rc || !text.len)
        return rc;
    buf_add_str(out, text);
    return out->failed ? error_nomem(err) : 0;
}

static int refuse_provider(struct kube_node user, struct str name, struct error *err)
{
    struct kube_node provider = kube_node_get(user, "auth-provider");
    if (!kube_node_exists(provider))
        return 0;
    return error_set(err, ERR_INVALID,
                     "%s:%lu: user \"%.*s\" has an auth-provider, which is not supported (kubectl dropped it in 1.26); "
                     "use one with exec, a token, tokenFile or client certificate instead: that of a service account, "
                     "made with kubectl create token or as a Secret, will do",
                     user.yaml->path, kube_node_line(provider), (int)name.len, name.ptr);
}

/* As in kubectl a token or password that stands there wins; the program is not run then. */
static int fill_exec(struct kube_node user, struct str name, struct kube_node cluster, struct kube_config *config,
                     struct error *err)
{
    struct kube_node exec = kube_node_get(user, "exec");
    if (!kube_node_exists(exec) || config->token.len || config->token_file || config->username || config->password.len)
        return 0;
    return kubeconfig_exec(exec, name, cluster, &config->exec, err);
}

static int fill_certificate(struct kube_node user, struct str name, struct kube_config *config, struct error *err)
{
    int rc = kubeconfig_data(user, "client-certificate-data", &config->certificate, err);
    if (!rc && !config->certificate.len)
        rc = kubeconfig_path(user, "client-certificate", &config->certificate_file, err);
    if (rc || (!config->certificate.len && !config->certificate_file))
        return rc; /* a key alone is no way to log in; kubectl passes over it too */
    rc = kubeconfig_data(user, "client-key-data", &config->key, err);
    if (!rc && !config->key.len)
        rc = kubeconfig_path(user, "client-key", &config->key_file, err);
    if (!rc && !config->key.len && !config->key_file)
        rc = error_set(err, ERR_INVALID,
                       "%s:%lu: user \"%.*s\" has a client-certificate, but neither client-key nor client-key-data",
                       user.yaml->path, kube_node_line(user), (int)name.len, name.ptr);
    return rc;
}

static int fill_groups(struct kube_node user, struct kube_config *config, struct error *err)
{
    struct kube_node groups = kube_node_get(user, "as-groups");
    size_t n = kube_node_count(groups);
    if (!n)
        return 0;
    config->as_groups = calloc(n + 1, sizeof *config->as_groups);
    if (!config->as_groups)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct kube_node item = kube_node_item(groups, i);
        if (!kube_node_is_scalar(item))
            return error_set(err, ERR_INVALID, "%s:%lu: as-groups must be a list of names", user.yaml->path,
                             kube_node_line(groups));
        config->as_groups[i] = str_dup(yaml_text(item.at));
        if (!config->as_groups[i])
            return error_nomem(err);
    }
    return 0;
}

static int fill_impersonation(struct kube_node user, struct kube_config *config, struct error *err)
{
    struct kube_node extra = kube_node_get(user, "as-user-extra");
    int rc = kubeconfig_copy(user, "as", &config->as_user, err);
    if (!rc)
        rc = kubeconfig_copy(user, "as-uid", &config->as_uid, err);
    if (!rc)
        rc = fill_groups(user, config, err);
    if (!rc && kube_node_exists(extra))
        rc = error_set(err, ERR_INVALID, "%s:%lu: as-user-extra is not supported", user.yaml->path,
                       kube_node_line(extra));
    if (!rc && !config->as_user && (config->as_uid || config->as_groups))
        rc = error_set(err, ERR_INVALID, "%s:%lu: as-uid and as-groups want `as`, the user to act as", user.yaml->path,
                       kube_node_line(user));
    return rc;
}

int kubeconfig_user(struct kube_node user, struct str name, struct kube_node cluster, struct kube_config *config,
                    struct error *err)
{
    int rc = refuse_provider(user, name, err);
    if (!rc)
        rc = fill_certificate(user, name, config, err);
    if (!rc)
        rc = secret_text(user, "token", &config->token, err);
    if (!rc)
        rc = kubeconfig_path(user, "tokenFile", &config->token_file, err);
    if (!rc)
        rc = kubeconfig_copy(user, "username", &config->username, err);
    if (!rc)
        rc = secret_text(user, "password", &config->password, err);
    if (!rc)
        rc = fill_exec(user, name, cluster, config, err);
    if (!rc)
        rc = fill_impersonation(user, config, err);
    if (!rc && (config->username || config->password.len) && (config->token.len || config->token_file))
        rc = error_set(err, ERR_INVALID,
                       "%s:%lu: user \"%.*s\" has a token and a username or password; take one of them out",
                       user.yaml->path, kube_node_line(user), (int)name.len, name.ptr);
    return rc;
}
