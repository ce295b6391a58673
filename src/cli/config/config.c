/* SPDX-License-Identifier: Apache-2.0 */
/* Reading mpijobd.yaml: the file, its clusters, and which keys go together. */
#include "cli/config/config_parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log_fold.h"
#include "yaml/convert.h"

#define JOURNAL_KEEP (INT64_C(180) * 86400 * 1000000)
#define FILE_MAX (1024 * 1024)

static int check_iam(struct config_reading *r, const char *type, const char *auth)
{
    struct config_cluster *c = r->cluster;
    const struct kube_iam *iam = &c->iam;
    bool some = iam->endpoint || iam->domain || iam->user || iam->password_file || iam->project || iam->ca_file;
    bool all = iam->endpoint && iam->domain && iam->user && iam->password_file && iam->project;
    if (some && c->auth != AUTH_HUAWEI_IAM)
        return config_wrong(r, auth, "has keys of an IAM, which go with type \"huawei-iam\"");
    if (c->auth == AUTH_HUAWEI_IAM && (!all || !c->server))
        return config_wrong(r, type,
                            "\"huawei-iam\" needs endpoint, domain, user, password_file and project beside it, and the "
                            "cluster's server");
    if (c->auth == AUTH_HUAWEI_IAM && c->token_file)
        return config_wrong(r, auth, "has a token_file, which does not go with \"huawei-iam\"");
    if (c->service_account && c->auth != AUTH_IN_CLUSTER)
        return config_wrong(r, auth, "has a service_account, which goes with type \"in-cluster\"");
    return 0;
}

static int check_auth(struct config_reading *r, const char *prefix)
{
    struct config_cluster *c = r->cluster;
    char type[256], auth[256];
    snprintf(type, sizeof type, "%s/auth/type", prefix);
    snprintf(auth, sizeof auth, "%s/auth", prefix);
    if (c->auth == AUTH_TOKEN_FILE && !c->token_file)
        return config_wrong(r, type, "\"token-file\" needs token_file beside it");
    bool some = c->access_key_file || c->secret_key_file || c->security_token_file;
    if (some && c->auth != AUTH_HUAWEI_AKSK)
        return config_wrong(r, auth, "has an access key's files, which go with type \"huawei-aksk\"");
    if (c->auth == AUTH_HUAWEI_AKSK && (!c->access_key_file || !c->secret_key_file || !c->server))
        return config_wrong(
            r, type, "\"huawei-aksk\" needs access_key_file and secret_key_file beside it, and the cluster's server");
    if (c->auth == AUTH_HUAWEI_AKSK && c->token_file)
        return config_wrong(r, auth,
                            "has a token_file, which does not go with \"huawei-aksk\"; temporary keys have a "
                            "security_token_file");
    if (c->auth == AUTH_IN_CLUSTER && (c->server || c->kubeconfig || c->context))
        return config_wrong(r, type, "\"in-cluster\" needs neither server nor kubeconfig; leave them out");
    if (c->auth == AUTH_KUBECONFIG && c->server)
        return config_wrong(r, type, "\"kubeconfig\" does not go with the cluster's server");
    return check_iam(r, type, auth);
}

static int check_cluster(struct config_reading *r, const char *prefix)
{
    struct config_cluster *c = r->cluster;
    char pointer[256];
    if (c->server && (c->kubeconfig || c->context)) {
        snprintf(pointer, sizeof pointer, "%s/server", prefix);
        return config_wrong(r, pointer, "stands beside a kubeconfig; give the one or the other");
    }
    if (c->token_file && !c->server) {
        snprintf(pointer, sizeof pointer, "%s/auth/token_file", prefix);
        return config_wrong(r, pointer, "goes with the cluster's server");
    }
    return check_auth(r, prefix);
}

/* Policies, logs and the journal use it. */
static bool good_name(const char *name)
{
    size_t n = strlen(name);
    bool good = n >= 1 && n <= 63 && name[0] != '-' && name[n - 1] != '-';
    for (size_t i = 0; good && i < n; i++)
        good = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '-';
    return good;
}

static struct config_cluster *add_cluster(struct config *c, char *name)
{
    struct config_cluster *clusters = realloc(c->clusters, (c->cluster_count + 1) * sizeof *clusters);
    if (!clusters || !name) {
        c->clusters = clusters ? clusters : c->clusters;
        free(name);
        return NULL;
    }
    c->clusters = clusters;
    clusters[c->cluster_count] = (struct config_cluster){.name = name};
    return &clusters[c->cluster_count++];
}

static int check_name(struct config_reading *r, const char *name, const char *at)
{
    if (!good_name(name))
        return config_wrong(r, at, "is not a name for a cluster: lower-case letters, digits and dashes, at most 63");
    for (size_t i = 0; i < r->config->cluster_count; i++) {
        if (strcmp(r->config->clusters[i].name, name) == 0)
            return config_wrong(r, at, "is given twice");
    }
    return 0;
}

int config_read_clusters(struct config_reading *r, struct json map)
{
    char at[256];
    if (json_type(map) != JSON_OBJECT || json_count(map) == 0)
        return config_wrong(r, "/clusters",
                            "has to hold a cluster for each name, as in `clusters: { lab: { context: lab } }`");
    r->config->named = true;
    int found = 0;
    for (struct json_iter it = json_iter(map); json_next(&it);) {
        char *name = config_decode(it.key);
        if (!name)
            return error_nomem(r->err);
        snprintf(at, sizeof at, "/clusters/%.200s", name);
        int rc = check_name(r, name, at);
        if (rc) {
            free(name);
            found = rc;
            continue;
        }
        r->cluster = add_cluster(r->config, name);
        if (!r->cluster)
            return error_nomem(r->err);
        if (json_type(it.value) != JSON_OBJECT)
            rc = config_wrong(r, at, "has to hold keys of its own, such as context or server");
        else
            rc = config_read_map(r, it.value, at, "/cluster");
        if (!rc)
            rc = check_cluster(r, at);
        if (rc && rc != ERR_INVALID)
            return rc;
        found = rc ? rc : found;
    }
    return found;
}

static int check_tls(struct config_reading *r)
{
    const struct config *c = r->config;
    if (!c->tls_certificate != !c->tls_key)
        return config_wrong(r, c->tls_key ? "/tls/key" : "/tls/certificate", "goes with %s: a certificate and its key",
                            c->tls_key ? "tls.certificate" : "tls.key");
    return 0;
}

/* A configuration has `cluster`, `clusters`, or neither. */
static int read_whole(struct config_reading *r, struct json root)
{
    struct json clusters = json_get(root, "clusters"), cluster = json_get(root, "cluster");
    if (json_type(clusters) != JSON_NULL && json_exists(clusters) && json_exists(cluster))
        return config_wrong(r, "/clusters", "stands beside cluster; move that one into it, under a name");
    if (!json_exists(clusters) || json_type(clusters) == JSON_NULL) {
        r->cluster = add_cluster(r->config, str_dup(str_of("default")));
        if (!r->cluster)
            return error_nomem(r->err);
    }
    int rc = config_read_map(r, root, "", "");
    if (!rc)
        rc = config_check_notified(r);
    if (!rc)
        rc = config_check_approvers(r);
    if (!rc)
        rc = config_check_lead(r);
    if (!rc)
        rc = check_tls(r);
    return rc || r->config->named ? rc : check_cluster(r, "/cluster");
}

/* One line for each mistake, in the order of the file. */
static void tell_all(struct config_reading *r)
{
    struct buf all = BUF_INIT;
    size_t n = r->wrong_count < CONFIG_WRONGS ? r->wrong_count : CONFIG_WRONGS;
    for (size_t i = 1; i < n; i++) { /* stable, as those of one line stand in their order */
        struct config_wrong w = r->wrongs[i];
        size_t at = i;
        for (; at > 0 && r->wrongs[at - 1].line > w.line; at--)
            r->wrongs[at] = r->wrongs[at - 1];
        r->wrongs[at] = w;
    }
    for (size_t i = 0; i < n; i++) {
        size_t left = r->wrong_count - i;
        if (all.len + strlen(r->wrongs[i].text) + 64 > ERROR_MESSAGE_MAX) {
            buf_printf(&all, "\n... and %zu more", left);
            break;
        }
        buf_printf(&all, "%s%s", i ? "\n" : "", r->wrongs[i].text);
    }
    if (n > 1 && !all.failed)
        error_set(r->err, ERR_INVALID, "%s", all.ptr);
    for (size_t i = 0; i < n; i++)
        free(r->wrongs[i].text);
    buf_free(&all);
}

/* Blank lines and comments only, as in the file that is shipped: every key has its default. */
static bool says_nothing(struct str text)
{
    while (text.len) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t n = end ? (size_t)(end - text.ptr) : text.len;
        struct str line = str_trim(str_n(text.ptr, n));
        if (line.len && line.ptr[0] != '#' && !str_is(line, "---"))
            return false;
        n += end != NULL;
        text = str_n(text.ptr + n, text.len - n);
    }
    return true;
}

static int only_default(struct config *config, struct error *err)
{
    return add_cluster(config, str_dup(str_of("default"))) ? 0 : error_nomem(err);
}

int config_load(const char *path, struct config *config, struct error *err)
{
    struct config_reading r = {.config = config, .err = err};
    char folder[PATH_MAX] = "";
    *config = (struct config){.log_level = LOG_INFO,
                              .log_fold = LOG_FOLD_WINDOW,
                              .journal_keep = JOURNAL_KEEP,
                              .reload_watch = true,
                              .events = true};
    if (!path && access(CONFIG_DEFAULT_FILE, F_OK) != 0)
        return only_default(config, err);
    config->file = str_dup(str_of(path ? path : CONFIG_DEFAULT_FILE));
    if (!config->file)
        return error_nomem(err);
    const char *slash = strrchr(config->file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - config->file + 1), config->file);
    r.folder = folder;
    struct json root;
    int rc = buf_read_file(&r.text, config->file, FILE_MAX, err);
    if (!rc && says_nothing(buf_str(&r.text)))
        goto done; /* all defaults */
    if (!rc)
        rc = yaml_to_json(buf_str(&r.text), config->file, &r.json, err);
    if (!rc)
        rc = json_parse(buf_str(&r.json), config->file, &root, err);
    if (!rc && json_type(root) != JSON_OBJECT)
        rc =
            error_set(err, ERR_INVALID,
                      "%s:1: a configuration is a map of keys, as in `state: /var/lib/mpijobd/state.db`", config->file);
    if (!rc)
        rc = read_whole(&r, root);
    if (rc == ERR_INVALID)
        tell_all(&r);
done:
    if (!rc && !config->cluster_count)
        rc = only_default(config, err);
    config->text = r.text;
    buf_free(&r.json);
    if (rc)
        config_free(config);
    return rc;
}

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

static void free_cluster(struct config_cluster *c)
{
    char *const texts[] = {c->name,
                           c->kubeconfig,
                           c->context,
                           c->server,
                           c->ca,
                           c->token_file,
                           c->controller,
                           c->version,
                           c->access_key_file,
                           c->secret_key_file,
                           c->security_token_file,
                           c->service_account};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    kube_iam_free(&c->iam);
    free_list(c->namespaces);
}

void config_free(struct config *c)
{
    for (size_t i = 0; i < c->cluster_count; i++)
        free_cluster(&c->clusters[i]);
    free(c->clusters);
    free(c->file);
    buf_free(&c->text);
    free(c->state);
    free(c->control);
    free(c->listen);
    free(c->listen_token_file);
    free(c->tokens_read);
    free(c->tokens_write);
    free(c->tls_certificate);
    free(c->tls_key);
    free(c->http_ca);
    config_free_sinks(c);
    config_free_lead(c);
    config_free_report(c);
    freezes_free(&c->freezes);
    config_free_plugins(c);
    free(c->secrets);
    free_list(c->http_allow);
    free_list(c->policies);
    free_list(c->breaker_notify);
    free_list(c->approver_users);
    free_list(c->approver_groups);
    free_list(c->approver_notify);
    free_list(c->gpu_resources);
    free_list(c->namespaces);
    *c = (struct config){0};
}
