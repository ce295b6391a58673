/* SPDX-License-Identifier: Apache-2.0 */
/* A user's `exec`: the program that prints credentials, and what it is told. */
#include <stdlib.h>
#include <string.h>

#include "kube/config/kube_config_parts.h"
#include "yaml/convert.h"

#define EXTENSION "client.authentication.k8s.io/exec"

struct reading {
    struct kube_node exec;
    struct kube_exec *out;
    struct error *err;
};

static int wrong(const struct reading *r, const char *key, const char *says)
{
    struct kube_node at = kube_node_get(r->exec, key);
    if (!kube_node_exists(at))
        at = r->exec;
    return error_set(r->err, ERR_INVALID, "%s:%lu: exec: %s", r->exec.yaml->path, kube_node_line(at), says);
}

static int read_version(struct reading *r)
{
    int rc = kubeconfig_copy(r->exec, "apiVersion", &r->out->api_version, r->err);
    const char *version = r->out->api_version;
    if (rc)
        return rc;
    if (!version)
        return wrong(r, "apiVersion",
                     "apiVersion is missing; it is client.authentication.k8s.io/v1, or what the "
                     "plugin's documentation says");
    if (strcmp(version, "client.authentication.k8s.io/v1alpha1") == 0)
        return wrong(r, "apiVersion",
                     "apiVersion client.authentication.k8s.io/v1alpha1 is gone since Kubernetes 1.24; "
                     "update the plugin and write the kubeconfig again, with v1beta1 or v1");
    if (strcmp(version, "client.authentication.k8s.io/v1") != 0 &&
        strcmp(version, "client.authentication.k8s.io/v1beta1") != 0)
        return wrong(r, "apiVersion",
                     "apiVersion must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1");
    return 0;
}

/* A name is sought in PATH; a path is relative to the kubeconfig, as for kubectl. */
static int read_command(struct reading *r)
{
    struct str command;
    struct buf path = BUF_INIT;
    int rc = kube_node_text(r->exec, "command", &command, r->err);
    if (rc)
        return rc;
    if (!command.len)
        return wrong(r, "command", "command is missing");
    if (command.ptr[0] != '/' && memchr(command.ptr, '/', command.len))
        buf_printf(&path, "%s/", r->exec.yaml->folder);
    buf_add_str(&path, command);
    r->out->command = buf_take(&path, NULL);
    return r->out->command ? 0 : error_nomem(r->err);
}

static int read_args(struct reading *r)
{
    struct kube_node args = kube_node_get(r->exec, "args");
    size_t n = kube_node_count(args);
    if (kube_node_exists(args) && !kube_node_is_list(args))
        return wrong(r, "args", "args must be a list of texts");
    if (!(r->out->args = calloc(n + 1, sizeof *r->out->args)))
        return error_nomem(r->err);
    for (size_t i = 0; i < n; i++) {
        struct kube_node item = kube_node_item(args, i);
        if (!kube_node_is_scalar(item))
            return wrong(r, "args", "args must be a list of texts");
        if (!(r->out->args[i] = str_dup(yaml_text(item.at))))
            return error_nomem(r->err);
    }
    return 0;
}

static int read_env(struct reading *r)
{
    struct kube_node env = kube_node_get(r->exec, "env");
    size_t n = kube_node_count(env);
    if (kube_node_exists(env) && !kube_node_is_list(env))
        return wrong(r, "env", "env must be a list of name and value");
    if (!(r->out->env = calloc(n + 1, sizeof *r->out->env)))
        return error_nomem(r->err);
    for (size_t i = 0; i < n; i++) {
        struct kube_node item = kube_node_item(env, i);
        struct str name, value;
        struct buf both = {.secret = true};
        if (!kube_node_is_map(item))
            return wrong(r, "env", "env must be a list of name and value");
        int rc = kube_node_text(item, "name", &name, r->err);
        if (!rc)
            rc = kube_node_text(item, "value", &value, r->err);
        if (rc)
            return rc;
        if (!name.len || memchr(name.ptr, '=', name.len))
            return wrong(r, "env", "an entry of env has no name, or one with a = in it");
        buf_add_str(&both, name);
        buf_putc(&both, '=');
        buf_add_str(&both, value);
        r->out->env[i] = buf_take(&both, NULL);
        if (!r->out->env[i])
            return error_nomem(r->err);
    }
    return 0;
}

/* A daemon has no terminal. */
static int read_mode(struct reading *r)
{
    struct str mode;
    int rc = kube_node_text(r->exec, "interactiveMode", &mode, r->err);
    if (rc || !mode.len || str_is(mode, "Never") || str_is(mode, "IfAvailable"))
        return rc;
    if (str_is(mode, "Always"))
        return wrong(r, "interactiveMode",
                     "interactiveMode is Always: the plugin asks questions at a terminal, and mpijobd has none; use a "
                     "user that needs no answers, such as a service account's token");
    return wrong(r, "interactiveMode", "interactiveMode must be Never, IfAvailable or Always");
}

/* ---- the cluster's extension ---- */

/* extensions: [{name: client.authentication.k8s.io/exec, extension: {...}}] */
static int read_extra(struct reading *r, struct kube_node cluster)
{
    struct kube_node list = kube_node_get(cluster, "extensions");
    for (size_t i = 0; i < kube_node_count(list); i++) {
        struct kube_node item = kube_node_item(list, i), extension;
        struct buf text = {.max = 1u << 20}; /* aliases may make much of little */
        if (!kube_node_is_map(item) || !kube_node_is(kube_node_get(item, "name"), EXTENSION))
            continue;
        extension = kube_node_get(item, "extension");
        if (!kube_node_exists(extension))
            continue;
        int rc = yaml_node_to_json(extension.at, &text, r->err);
        if (text.failed)
            rc = buf_result(&text, "the cluster's extension for exec plugins", r->err);
        if (!rc && !(r->out->cluster_extra = buf_take(&text, NULL)))
            rc = error_nomem(r->err);
        buf_free(&text);
        return rc;
    }
    return 0;
}

static int read_origin(struct reading *r, struct str user)
{
    struct buf origin = BUF_INIT;
    buf_printf(&origin, "%s:%lu: user \"%.*s\"", r->exec.yaml->path, kube_node_line(r->exec), (int)user.len, user.ptr);
    r->out->origin = buf_take(&origin, NULL);
    return r->out->origin ? 0 : error_nomem(r->err);
}

int kubeconfig_exec(struct kube_node exec, struct str user, struct kube_node cluster, struct kube_exec **out,
                    struct error *err)
{
    struct reading r = {.exec = exec, .out = calloc(1, sizeof *r.out), .err = err};
    if (!(*out = r.out)) /* freed with the configuration, whatever comes */
        return error_nomem(err);
    if (!kube_node_is_map(exec))
        return error_set(err, ERR_INVALID, "%s:%lu: exec must hold command, args and apiVersion", exec.yaml->path,
                         kube_node_line(exec));
    int rc = read_origin(&r, user);
    if (!rc)
        rc = read_version(&r);
    if (!rc)
        rc = read_command(&r);
    if (!rc)
        rc = read_args(&r);
    if (!rc)
        rc = read_env(&r);
    if (!rc)
        rc = read_mode(&r);
    if (!rc)
        rc = kubeconfig_copy(exec, "installHint", &r.out->install_hint, err);
    if (!rc)
        rc = kube_node_bool(exec, "provideClusterInfo", &r.out->cluster_info, err);
    if (!rc && r.out->cluster_info)
        rc = read_extra(&r, cluster);
    return rc;
}

void kube_exec_free(struct kube_exec *exec)
{
    if (!exec)
        return;
    for (size_t i = 0; exec->args && exec->args[i]; i++) { /* people give secrets in arguments, too */
        secret_wipe(exec->args[i], strlen(exec->args[i]));
        free(exec->args[i]);
    }
    for (size_t i = 0; exec->env && exec->env[i]; i++) {
        secret_wipe(exec->env[i], strlen(exec->env[i]));
        free(exec->env[i]);
    }
    free(exec->origin);
    free(exec->api_version);
    free(exec->command);
    free(exec->args);
    free(exec->env);
    free(exec->install_hint);
    free(exec->cluster_extra);
    free(exec);
}
