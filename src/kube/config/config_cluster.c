/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's own configuration: the API server from the environment, the service account from files. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kube/config/kube_config_parts.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"
#define NAMESPACE_MAX 256

static const char *variable(const struct kube_config_source *source, const char *name)
{
    const char *value = source->getenv ? source->getenv(name) : getenv(name);
    return value ? value : "";
}

/* folder/name as a copy; NULL: out of memory. */
static char *account_file(const struct kube_config_source *source, const char *name)
{
    struct buf path = BUF_INIT;
    buf_printf(&path, "%s/%s", source->service_account ? source->service_account : SERVICE_ACCOUNT, name);
    return buf_take(&path, NULL);
}

static bool is_file(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool kube_incluster_possible(const struct kube_config_source *source)
{
    if (!*variable(source, "KUBERNETES_SERVICE_HOST") || !*variable(source, "KUBERNETES_SERVICE_PORT"))
        return false;
    char *token = account_file(source, "token");
    bool there = is_file(token);
    free(token);
    return there;
}

/* The pod's namespace: what the downward API was asked for, the service account's file, "default". */
static char *pod_namespace(const struct kube_config_source *source)
{
    const char *given = variable(source, "POD_NAMESPACE");
    struct buf text = BUF_INIT;
    char *path = account_file(source, "namespace");
    struct str name = str_of(given);
    if (!path)
        return NULL;
    if (!*given && buf_read_file(&text, path, NAMESPACE_MAX, NULL) == 0)
        name = str_trim(buf_str(&text));
    char *copy = str_dup(name.len ? name : str_of("default"));
    buf_free(&text);
    free(path);
    return copy;
}

int kube_incluster(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    const char *host = variable(source, "KUBERNETES_SERVICE_HOST");
    const char *port = variable(source, "KUBERNETES_SERVICE_PORT");
    struct buf url = BUF_INIT;
    bool bare_ipv6 = strchr(host, ':') && host[0] != '[';
    buf_printf(&url, "https://%s%s%s:%s", bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "", port);
    config->origin = str_dup(str_of("in-cluster"));
    config->context = str_dup(str_of(""));
    config->name_space = pod_namespace(source);
    config->token_file = account_file(source, "token");
    config->ca_file = account_file(source, "ca.crt");
    int rc = 0;
    if (url.failed || !config->origin || !config->context || !config->name_space || !config->token_file ||
        !config->ca_file)
        rc = error_nomem(err);
    if (!rc)
        rc = kube_config_server(config, buf_str(&url), "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT", err);
    buf_free(&url);
    if (!rc)
        rc = kube_config_readable(config->token_file, "in-cluster", err);
    /* Some clusters mount no CA and have a certificate that the system trusts. */
    if (!rc && !is_file(config->ca_file)) {
        free(config->ca_file);
        config->ca_file = NULL;
    }
    return rc;
}
