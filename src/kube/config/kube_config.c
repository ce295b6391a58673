/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration comes from: files in kubectl's order, a pod's own, or a server by hand with what stands beside
 * it. */
#include "kube/config/kube_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "kube/config/kube_config_parts.h"

static const char *from_environment(const struct kube_config_source *source, const char *name)
{
    const char *value = source->getenv ? source->getenv(name) : getenv(name);
    return value && *value ? value : NULL;
}

int kube_config_readable(const char *path, const char *where, struct error *err)
{
    int rc = file_readable(path, err);
    return rc ? error_prefix(err, "%s", where) : 0;
}

static bool has_tls(const struct kube_config *c)
{
    return c->ca.len || c->certificate.len || c->ca_file || c->certificate_file || c->insecure;
}

/* What follows "scheme://"; the whole text where there is no scheme. */
static struct str after_scheme(struct str text, bool *scheme)
{
    const char *found = memmem(text.ptr, text.len, "://", 3);
    *scheme = found != NULL;
    return found ? str_n(found + 3, (size_t)(text.ptr + text.len - found - 3)) : text;
}

int kube_config_server(struct kube_config *config, struct str text, const char *where, struct error *err)
{
    bool scheme;
    text = str_trim(text);
    struct str rest = after_scheme(text, &scheme);
    if (scheme && !str_starts(text, "https://") && !str_starts(text, "http://"))
        return error_set(err, ERR_INVALID, "%s: server must begin with https:// or http://", where);
    while (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (!rest.len || rest.ptr[0] == '/')
        return error_set(err, ERR_INVALID, "%s: server is no URL; it reads like https://10.0.0.1:6443", where);
    const char *slash = memchr(rest.ptr, '/', rest.len);
    /* Not quoted back: what stands before an @ may be a password. */
    if (memchr(rest.ptr, '@', slash ? (size_t)(slash - rest.ptr) : rest.len))
        return error_set(err, ERR_INVALID,
                         "%s: server has a user name in its URL; use the user's username and password", where);
    for (size_t i = 0; i < rest.len; i++) {
        if ((unsigned char)rest.ptr[i] <= ' ' || rest.ptr[i] == '?' || rest.ptr[i] == '#' || rest.ptr[i] == 0x7f)
            return error_set(err, ERR_INVALID, "%s: server \"%.*s\" has a character that does not belong there", where,
                             (int)rest.len, rest.ptr);
    }
    bool plain = scheme ? str_starts(text, "http://") : !has_tls(config);
    struct buf url = BUF_INIT;
    buf_puts(&url, plain ? "http://" : "https://");
    buf_add_str(&url, rest);
    config->server = buf_take(&url, NULL);
    return config->server ? 0 : error_nomem(err);
}

/* The files kubectl would read, in its order. */
struct paths {
    char **items;
    size_t count;
    bool failed;
};

static void paths_add(struct paths *p, struct str path)
{
    char **items = realloc(p->items, (p->count + 1) * sizeof *items);
    char *copy = items ? str_dup(path) : NULL;
    if (items)
        p->items = items;
    if (copy)
        p->items[p->count++] = copy;
    else
        p->failed = true;
}

static void paths_add_at_home(struct paths *p, const struct kube_config_source *source, const char *path)
{
    const char *home = from_environment(source, "HOME");
    struct buf full = BUF_INIT;
    if (!home)
        return;
    buf_printf(&full, "%s/%s", home, path);
    if (full.failed)
        p->failed = true;
    else
        paths_add(p, buf_str(&full));
    buf_free(&full);
}

static void paths_find(struct paths *p, const struct kube_config_source *source)
{
    const char *list = from_environment(source, "KUBECONFIG");
    if (source->kubeconfig) {
        if (strncmp(source->kubeconfig, "~/", 2) == 0 && from_environment(source, "HOME"))
            paths_add_at_home(p, source, source->kubeconfig + 2);
        else
            paths_add(p, str_of(source->kubeconfig));
        return;
    }
    if (!list) {
        paths_add_at_home(p, source, ".kube/config");
        return;
    }
    while (*list) {
        size_t n = strcspn(list, ":");
        if (n)
            paths_add(p, str_n(list, n));
        list += n + (list[n] == ':');
    }
}

static void paths_free(struct paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i]);
    free(p->items);
}

/* Neither a kubeconfig with anything in it nor a pod: says where it was looked for. */
static int nothing_found(const struct kube_config_source *source, const struct paths *p, struct error *err)
{
    struct buf tried = BUF_INIT;
    for (size_t i = 0; i < p->count; i++)
        buf_printf(&tried, "%s%s", i ? ", " : "", p->items[i]);
    bool named = from_environment(source, "KUBECONFIG") != NULL;
    const char *pod =
        source->context ? "a service account has no contexts (--context)" : "this is no pod with a service account";
    int rc = tried.failed
                 ? error_nomem(err)
                 : error_set(err, ERR_NOT_FOUND,
                             "no kubeconfig: %s%s is missing or empty, and %s; name a kubeconfig with "
                             "--kubeconfig or KUBECONFIG",
                             named ? "" : "KUBECONFIG is not set, ", p->count ? tried.ptr : "~/.kube/config", pod);
    buf_free(&tried);
    return rc;
}

static int from_files(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    struct paths paths = {0};
    struct kubeconfig kc = {0};
    if (source->in_cluster && !kube_incluster_possible(source))
        return error_set(
            err, ERR_NOT_FOUND,
            "in-cluster: this is no pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)");
    if (source->in_cluster)
        return kube_incluster(source, config, err);
    paths_find(&paths, source);
    int rc = paths.failed ? error_nomem(err) : 0;
    if (!rc)
        rc = kubeconfig_open(&kc, paths.items, paths.count, source->kubeconfig != NULL, err);
    if (!rc && kc.count)
        rc = kubeconfig_resolve(&kc, source->context, config, err);
    else if (!rc && kube_incluster_possible(source) && !source->context)
        rc = kube_incluster(source, config, err);
    else if (!rc)
        rc = nothing_found(source, &paths, err);
    kubeconfig_close(&kc);
    paths_free(&paths);
    return rc;
}

int kube_config_contexts(const struct kube_config_source *source, void (*visit)(void *data, struct str name),
                         void *data, struct error *err)
{
    struct paths paths = {0};
    struct kubeconfig kc = {0};
    paths_find(&paths, source);
    int rc = paths.failed ? error_nomem(err) : 0;
    if (!rc)
        rc = kubeconfig_open(&kc, paths.items, paths.count, source->kubeconfig != NULL, err);
    if (!rc)
        kubeconfig_contexts(&kc, visit, data);
    kubeconfig_close(&kc);
    paths_free(&paths);
    return rc;
}

static int by_hand(struct kube_config *config, struct error *err)
{
    config->origin = str_dup(str_of("mpijobd.yaml"));
    config->context = str_dup(str_of(""));
    config->name_space = str_dup(str_of("default"));
    return config->origin && config->context && config->name_space ? 0 : error_nomem(err);
}

/* A token or CA file given beside a kubeconfig, or with a server by hand, replaces what was there. */
static int apply_files(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    if (source->ca_file) {
        int rc = kube_config_readable(source->ca_file, "the CA of the cluster", err);
        if (rc)
            return rc;
        buf_free(&config->ca);
        free(config->ca_file);
        config->insecure = false;
        if (!(config->ca_file = str_dup(str_of(source->ca_file))))
            return error_nomem(err);
    }
    if (source->token_file) {
        int rc = kube_config_readable(source->token_file, "the token file of the cluster", err);
        if (rc)
            return rc;
        kube_exec_free(config->exec);
        config->exec = NULL;
        buf_free(&config->token);
        buf_free(&config->password);
        free(config->username);
        free(config->token_file);
        config->username = NULL;
        if (!(config->token_file = str_dup(str_of(source->token_file))))
            return error_nomem(err);
    }
    return 0;
}

static bool set_text(char **out, const char *text)
{
    free(*out);
    *out = text ? str_dup(str_of(text)) : NULL;
    return *out || !text;
}

/* --as alone forgets the kubeconfig's groups and uid, which belong to another user. */
static int act_as(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    size_t count = 0;
    while (source->as_groups && source->as_groups[count])
        count++;
    if (!source->as_user && !source->as_uid && !count)
        return 0;
    if (!source->as_user)
        return error_set(err, ERR_INVALID, "--as-uid and --as-group want --as, the user to act as");
    for (size_t i = 0; config->as_groups && config->as_groups[i]; i++)
        free(config->as_groups[i]);
    free(config->as_groups);
    config->as_groups = count ? calloc(count + 1, sizeof *config->as_groups) : NULL;
    bool ok = set_text(&config->as_user, source->as_user) && set_text(&config->as_uid, source->as_uid) &&
              (config->as_groups || !count);
    for (size_t i = 0; ok && i < count; i++)
        ok = set_text(&config->as_groups[i], source->as_groups[i]);
    return ok ? 0 : error_nomem(err);
}

int kube_config_load(const struct kube_config_source *source, struct kube_config *config, struct error *err)
{
    *config = (struct kube_config){.ca.secret = true,
                                   .certificate.secret = true,
                                   .key.secret = true,
                                   .token.secret = true,
                                   .password.secret = true};
    int rc = source->server ? by_hand(config, err) : from_files(source, config, err);
    if (!rc)
        rc = apply_files(source, config, err);
    if (!rc)
        rc = kube_config_access_key(source, config, err);
    if (!rc)
        rc = kube_config_iam(source, config, err);
    if (!rc)
        rc = act_as(source, config, err);
    if (!rc && source->server)
        rc = kube_config_server(config, str_of(source->server), "the cluster by hand", err);
    if (rc)
        kube_config_free(config);
    return rc;
}

void kube_config_free(struct kube_config *c)
{
    char *const texts[] = {
        c->origin,           c->server,   c->name_space,      c->context,         c->ca_file,
        c->certificate_file, c->key_file, c->tls_server_name, c->token_file,      c->username,
        c->as_user,          c->as_uid,   c->access_key_file, c->secret_key_file, c->security_token_file};
    struct buf *const secrets[] = {&c->ca, &c->certificate, &c->key, &c->token, &c->password};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        secrets[i]->secret = true;
        buf_free(secrets[i]);
    }
    if (c->proxy_url) /* may hold a password */
        secret_wipe(c->proxy_url, strlen(c->proxy_url));
    free(c->proxy_url);
    kube_exec_free(c->exec);
    if (c->iam)
        kube_iam_free(c->iam);
    free(c->iam);
    for (size_t i = 0; c->as_groups && c->as_groups[i]; i++)
        free(c->as_groups[i]);
    free(c->as_groups);
    *c = (struct kube_config){0};
}
