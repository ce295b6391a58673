/* SPDX-License-Identifier: Apache-2.0 */
/* A new file is never seen half: it is written beside its place, or is one that nobody knows yet. */
#include "base/file_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

/* 0, or errno. */
static int write_all(int fd, struct str text)
{
    for (size_t at = 0; at < text.len;) {
        ssize_t n = write(fd, text.ptr + at, text.len - at);
        if (n < 0 && errno != EINTR)
            return errno;
        at += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Opens, writes and closes it. 0, or errno; *made: it is there now. */
static int write_new(const char *path, struct str text, int flags, mode_t mode, bool *made)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode);
    *made = fd >= 0;
    int why = fd < 0 ? errno : write_all(fd, text);
    if (!why && fsync(fd) != 0)
        why = errno;
    if (fd >= 0 && close(fd) != 0 && !why)
        why = errno;
    return why;
}

/* own: for its owner alone, so that nobody may have it open already. */
static int put(const char *path, struct str text, bool own, struct error *err)
{
    struct buf beside = BUF_INIT;
    bool made;
    int rc = 0;
    buf_printf(&beside, "%s.new", path);
    if (beside.failed)
        return error_nomem(err);
    if (own)
        unlink(beside.ptr);
    int why = write_new(beside.ptr, text, own ? O_EXCL : O_TRUNC, own ? 0600 : 0666, &made);
    if (!made && why == ELOOP) {
        rc = error_set(err, ERR_IO, "%s cannot be written: %s, which comes before it, is a link; remove that link",
                       path, beside.ptr);
    } else {
        if (!why && rename(beside.ptr, path) != 0)
            why = errno;
        if (why && made)
            unlink(beside.ptr);
        if (why)
            rc = error_set(err, ERR_IO,
                           "%s cannot be written: %s: %s; it is written beside it first, which needs a folder that may "
                           "be written to, with room",
                           path, beside.ptr, strerror(why));
    }
    buf_free(&beside);
    return rc;
}

int file_put(const char *path, struct str text, struct error *err)
{
    return put(path, text, false, err);
}

int file_put_own(const char *path, struct str text, struct error *err)
{
    return put(path, text, true, err);
}

int file_make(const char *path, struct str text, struct error *err)
{
    bool made;
    int why = write_new(path, text, O_EXCL, 0666, &made);
    if (why && made)
        unlink(path);
    return why ? error_set(err, ERR_IO, "%s cannot be written: %s", path, strerror(why)) : 0;
}
