/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin is started with: its program, arguments and environment. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kube/auth/exec_credential.h"
#include "kube/auth/exec_parts.h"

#define INFO "KUBERNETES_EXEC_INFO"

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

int exec_make_env(struct exec *x, const struct kube_config *config, struct error *err)
{
    size_t n = 0, ours = 0, given = 0;
    while (environ && environ[ours])
        ours++;
    while (config->exec->env[given])
        given++;
    if (!(x->env = calloc(ours + given + 2, sizeof *x->env)))
        return error_nomem(err);
    struct buf info = BUF_INIT;
    buf_puts(&info, INFO "=");
    struct buf object = BUF_INIT;
    int rc = exec_info(config, &object, err);
    buf_add_str(&info, buf_str(&object));
    buf_free(&object);
    if (!rc && !(x->env[n++] = buf_take(&info, NULL)))
        rc = error_nomem(err);
    buf_free(&info);
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
