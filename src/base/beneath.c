/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel follows the path, and does not leave the folder (openat2). Where it cannot, the path without its links is
 * compared with the folder's. */
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Kernels before 5.6, and filters of system calls that do not know the call. */
static int open_compared(const char *folder, const char *name)
{
    char path[PATH_MAX], *base = realpath(folder, NULL), *real = NULL;
    int fd = -1, n = base ? snprintf(path, sizeof path, "%s/%s", base, name) : -1;
    if (n >= (int)sizeof path)
        errno = ENAMETOOLONG;
    else if (n >= 0)
        real = realpath(path, NULL);
    if (real && (strncmp(real, base, strlen(base)) != 0 || real[strlen(base)] != '/'))
        errno = EXDEV;
    else if (real)
        fd = open(real, FLAGS | O_NOFOLLOW); /* NOLINT(android-cloexec-open): it is among the flags */
    int saved = errno;
    free(real);
    free(base);
    errno = saved;
    return fd;
}

static int open_beneath(const char *folder, const char *name)
{
    struct open_how how = {.flags = FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof how), saved = errno;
    close(at);
    errno = saved;
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_compared(folder, name);
    return fd;
}

static int not_opened(const char *folder, const char *name, struct error *err)
{
    if (errno == EXDEV)
        return error_set(err, ERR_INVALID, "%s/%s leads out of the folder %s, by a link or by \"..\"", folder, name,
                         folder);
    return error_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO, "cannot open %s/%s: %s", folder,
                     name, strerror(errno));
}

int beneath_read(struct buf *out, const char *folder, const char *name, size_t max, struct error *err)
{
    char path[PATH_MAX];
    struct stat st;
    int fd = open_beneath(folder, name);
    if (fd < 0)
        return not_opened(folder, name, err);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int rc = 0;
    if (fstat(fd, &st) != 0)
        rc = error_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = error_set(err, ERR_INVALID, "%s is not a regular file", path);
    else
        rc = buf_read_fd(out, fd, path, max, err);
    close(fd);
    return rc;
}
