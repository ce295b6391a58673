/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin is started with: its program, arguments and environment. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "kube/auth/exec_credential.h"
#include "kube/auth/exec_parts.h"

#define INFO "KUBERNETES_EXEC_INFO"
#define CA_MAX (4u << 20)

/* ---- where it is ---- */

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool exec_find(const char *command, struct buf *out)
{
    const char *path = getenv("PATH");
    if (strchr(command, '/')) {
        buf_puts(out, command);
        return !out->failed && can_run(command);
    }
    for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t n = strcspn(at, ":");
        buf_reset(out);
        buf_printf(out, "%.*s/%s", (int)n, at, command);
        if (n && !out->failed && can_run(out->ptr))
            return true;
        at += n + (at[n] == ':');
    }
    return false;
}

int exec_not_found(const struct exec *x, struct error *err)
{
    bool path = strchr(x->command, '/') != NULL, there = path && access(x->command, F_OK) == 0;
    int rc = error_set(err, ERR_NOT_FOUND, "%s %s", x->name,
                       there  ? "is no program that may be run (chmod +x?)"
                       : path ? "does not exist"
                              : "is not in PATH; install it, or give its path as command");
    exec_add_hint(x, err);
    return rc;
}

/* ---- what it is given ---- */

static bool names_same(const char *a, const char *b)
{
    size_t n = strcspn(b, "=");
    return strncmp(a, b, n) == 0 && a[n] == '=';
}

static bool is_given(const char *variable, char *const *given)
{
    for (size_t i = 0; given[i]; i++) {
        if (names_same(variable, given[i]))
            return true;
    }
    return names_same(variable, INFO "=");
}

/* ---- the cluster's CA, which is told with the rest of it ---- */

int exec_read_ca(struct exec *x, struct error *err)
{
    buf_reset(&x->ca);
    return buf_read_file(&x->ca, x->ca_file, CA_MAX, err);
}

int exec_tell_ca(struct exec *x, struct str ca, struct error *err)
{
    struct buf variable = BUF_INIT;
    struct str info = buf_str(&x->info);
    buf_puts(&variable, INFO "=");
    buf_add_str(&variable, str_n(info.ptr, x->ca_at));
    if (x->ca_at && ca.len)
        base64_encode(ca, &variable);
    buf_add_str(&variable, str_n(info.ptr + x->ca_at, info.len - x->ca_at));
    char *text = buf_take(&variable, NULL);
    if (!text)
        return error_nomem(err);
    free(x->env[0]);
    x->env[0] = text;
    return 0;
}

/* ---- the environment ---- */

int exec_make_env(struct exec *x, const struct kube_config *config, struct error *err)
{
    size_t n = 0, ours = 0, given = 0;
    while (environ && environ[ours])
        ours++;
    while (config->exec->env[given])
        given++;
    if (!(x->env = calloc(ours + given + 2, sizeof *x->env)))
        return error_nomem(err);
    int rc = exec_info(config, &x->info, &x->ca_at, err);
    if (!rc && x->ca_at && !config->ca.len && !(x->ca_file = str_dup(str_of(config->ca_file))))
        rc = error_nomem(err);
    if (!rc && x->ca_file)
        rc = exec_read_ca(x, err);
    if (!rc)
        rc = exec_tell_ca(x, config->ca.len ? buf_str(&config->ca) : buf_str(&x->ca), err);
    n++;
    for (size_t i = 0; !rc && i < ours; i++) {
        if (!is_given(environ[i], config->exec->env) && !(x->env[n++] = str_dup(str_of(environ[i]))))
            rc = error_nomem(err);
    }
    x->given = x->env + n;
    for (size_t i = 0; !rc && i < given; i++) {
        if (!(x->env[n++] = str_dup(str_of(config->exec->env[i]))))
            rc = error_nomem(err);
    }
    return rc;
}

int exec_make_argv(struct exec *x, const struct kube_exec *exec, struct error *err)
{
    size_t n = 0;
    while (exec->args[n])
        n++;
    if (!(x->argv = calloc(n + 2, sizeof *x->argv)) || !(x->argv[0] = str_dup(str_of(exec->command))))
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        if (!(x->argv[i + 1] = str_dup(str_of(exec->args[i]))))
            return error_nomem(err);
    }
    return 0;
}
