/* SPDX-License-Identifier: Apache-2.0 */
/* Opened without waiting, looked at, then read. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

/* Does the path name a descriptor that this process was started with? */
static bool is_inherited(const char *path)
{
    struct str s = str_of(path);
    return strcmp(path, "/dev/stdin") == 0 || str_starts(s, "/dev/fd/") || str_starts(s, "/proc/self/fd/");
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static int no_file(const char *path, const char *kind, struct error *err)
{
    return error_set(err, ERR_IO, "cannot read %s: it is %s; name a regular file%s", path, kind,
                     strcmp(kind, "a pipe") == 0 ? " with what the pipe would have said" : "");
}

/* pipe: it is one that the shell has opened. */
static int check(int fd, const char *path, bool *pipe, struct error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return error_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    *pipe = !S_ISREG(st.st_mode);
    if (S_ISREG(st.st_mode) || (is_inherited(path) && (S_ISFIFO(st.st_mode) || isatty(fd))))
        return 0;
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) /* /dev/null */
        return 0;
    return no_file(path, kind_of(st.st_mode), err);
}

/* The descriptor, or an error. */
static int open_file(const char *path, bool *pipe, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ENXIO)
        return no_file(path, "a socket", err);
    if (fd < 0)
        return error_set(err, errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO, "cannot read %s: %s", path,
                         strerror(errno));
    int rc = check(fd, path, pipe, err);
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

/* until: of the monotonic clock; 0: no bound. */
static int await(int fd, const char *path, int64_t until, struct error *err)
{
    int64_t left = until ? (until - clock_monotonic()) / 1000 : -1;
    if (until && left <= 0)
        return error_set(err, ERR_TIMEOUT, "cannot read %s: it is a pipe, and did not end within %d s; name a file",
                         path, FILE_PIPE_MS / 1000);
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, (int)left);
    return 0;
}

static int read_all(struct buf *out, int fd, const char *path, size_t max, bool pipe, int64_t until, struct error *err)
{
    size_t before = out->len;
    for (int rc;;) {
        if (buf_reserve(out, 4096))
            return buf_result(out, path, err);
        ssize_t n = read(fd, out->ptr + out->len, out->cap - out->len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN && pipe) {
            if ((rc = await(fd, path, until, err)))
                return rc;
            continue;
        }
        if (n < 0)
            return error_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
        if (n == 0)
            return 0;
        out->len += (size_t)n;
        out->ptr[out->len] = '\0';
        if (out->len - before > max)
            return error_set(err, ERR_LIMIT, "%s is larger than the limit of %zu bytes", path, max);
    }
}

int buf_read_fd(struct buf *out, int fd, const char *path, size_t max, struct error *err)
{
    return read_all(out, fd, path, max, false, 0, err);
}

int buf_read_file(struct buf *out, const char *path, size_t max, struct error *err)
{
    bool pipe;
    int fd = open_file(path, &pipe, err);
    if (fd < 0)
        return fd;
    int rc = read_all(out, fd, path, max, pipe, clock_monotonic() + (int64_t)FILE_PIPE_MS * 1000, err);
    close(fd);
    return rc;
}

int file_read_input(struct buf *out, const char *path, size_t max, struct error *err)
{
    bool pipe = true;
    if (strcmp(path, "-") == 0)
        return read_all(out, STDIN_FILENO, "standard input", max, true, 0, err);
    int fd = open_file(path, &pipe, err);
    if (fd < 0)
        return fd;
    int rc = read_all(out, fd, path, max, pipe, 0, err);
    close(fd);
    return rc;
}

bool file_differs(const char *path, struct str text)
{
    struct buf is = BUF_INIT;
    struct error err;
    struct stat st;
    bool differs = stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
                   ((size_t)st.st_size != text.len ||
                    (buf_read_file(&is, path, text.len, &err) == 0 && !str_eq(buf_str(&is), text)));
    buf_free(&is);
    return differs;
}

int file_readable(const char *path, struct error *err)
{
    bool pipe;
    int fd = open_file(path, &pipe, err);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}
