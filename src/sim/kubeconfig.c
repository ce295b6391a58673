/* SPDX-License-Identifier: Apache-2.0 */
/* The kubeconfig of a running mpijob-sim. */
#include "sim/kubeconfig.h"

#include "base/base64.h"
#include "sim/doc/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_user(struct buf *b, const char *name, const char *token)
{
    buf_printf(b, "- name: %s\n  user:", name);
    if (token)
        buf_printf(b, "\n    token: \"%s\"\n", token);
    else
        buf_puts(b, " {}\n");
}

static void compose(struct buf *b, const char *url, const char *ca, const char *token, const char *view_token)
{
    buf_printf(b, "apiVersion: v1\nkind: Config\nclusters:\n- name: sim\n  cluster:\n    server: %s\n", url);
    if (ca) {
        buf_puts(b, "    certificate-authority-data: ");
        base64_encode(str_of(ca), b);
        buf_putc(b, '\n');
    }
    buf_puts(b, "users:\n");
    add_user(b, "admin", token);
    if (view_token)
        add_user(b, "view", view_token);
    buf_puts(b, "contexts:\n- name: sim\n  context: {cluster: sim, user: admin, namespace: default}\n");
    if (view_token)
        buf_puts(b, "- name: view\n  context: {cluster: sim, user: view, namespace: default}\n");
    buf_puts(b, "current-context: sim\n");
}

int kubeconfig_write(const char *path, const char *url, const char *ca, const char *token, const char *view_token,
                     struct error *err)
{
    struct buf b = BUF_INIT;
    char *part = sim_format("%s.%d", path, (int)getpid());
    int result = 0, fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    compose(&b, url, ca, token, view_token);
    bool good = fd >= 0 && write(fd, b.ptr, b.len) == (ssize_t)b.len;
    if (fd >= 0)
        good = close(fd) == 0 && good;
    if (!good || rename(part, path)) {
        result = error_set(err, ERR_IO, "--kubeconfig %s: %s", path, strerror(errno));
        unlink(part);
    }
    free(part);
    buf_free(&b);
    return result;
}
