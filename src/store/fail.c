/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite and the system say, in words that name the file and the cure. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/parts.h"

/* What the system said to the last failed write: sqlite3_system_errno is only the errno of the moment in which SQLite
 * returns, when its own tidying has overwritten it. */
static int written_errno(sqlite3 *db)
{
    static const int pointers[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}; /* the WAL, the database */
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++) {
        sqlite3_file *file = NULL;
        int code = 0;
        if (sqlite3_file_control(db, "main", pointers[i], &file) == SQLITE_OK && file && file->pMethods &&
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &code) == SQLITE_OK && code)
            return code;
    }
    return sqlite3_system_errno(db); /* it was about the shared memory, and then there was nothing to tidy */
}

struct failure failure_of(sqlite3 *db, int rc)
{
    struct failure failure = {.code = ERR_IO, .sqlite = rc};
    int primary = rc & 0xff;
    if (primary == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
        failure.code = ERR_NOMEM;
    else if (db && primary == SQLITE_IOERR)
        failure.os = written_errno(db);
    else if (db && primary == SQLITE_CORRUPT) /* so SQLite also calls what the disk would not read */
        failure.os = written_errno(db) == EIO ? EIO : 0;
    else if (db && primary == SQLITE_CANTOPEN)
        failure.os = sqlite3_system_errno(db);
    return failure;
}

static bool no_space(struct failure f)
{
    return (f.sqlite & 0xff) == SQLITE_FULL || f.os == ENOSPC || f.os == EDQUOT || f.os == EFBIG;
}

static int retryable(struct error *err, int code)
{
    error_set_retryable(err, true);
    return code;
}

static int explain_no_space(struct failure f, const char *path, struct error *err)
{
    const char *what = f.os == EFBIG    ? "the file size limit is reached: raise it (ulimit -f, LimitFSIZE=)"
                       : f.os == EDQUOT ? "the disk quota is used up: raise it or free some space"
                                        : "the disk is full: free some space on its filesystem";
    return retryable(err, error_set(err, ERR_IO, "cannot write %s: %s", path, what));
}

static int explain_access(struct failure f, const char *path, struct error *err)
{
    if (f.os == EMFILE || f.os == ENFILE)
        return retryable(err, error_set(err, ERR_IO,
                                        "cannot open %s: %s: raise the limit of open files (ulimit -n, LimitNOFILE=)",
                                        path, strerror(f.os)));
    const char *why = f.os ? strerror(f.os) : "not writable";
    return error_set(
        err, ERR_IO,
        "cannot open %s: %s: the user with the id %ld must be able to read and write the file, its -wal and "
        "-shm, and its folder",
        path, why, (long)geteuid());
}

int failure_explain(struct failure f, const char *path, struct error *err)
{
    if (f.code == ERR_NOMEM)
        return error_nomem(err);
    if (no_space(f))
        return explain_no_space(f, path, err);
    switch (f.sqlite & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: /* another program's lock on the WAL, for ten seconds */
        return retryable(err, error_set(err, ERR_IO,
                                        "%s is held by another program for longer than %d s: end it (an open sqlite3?)",
                                        path, BUSY_MS / 1000));
    case SQLITE_NOTADB:
        return error_set(err, ERR_IO,
                         "%s is no SQLite database: name another file for the state, or move this one away", path);
    case SQLITE_CORRUPT:
        if (f.os == EIO)
            return retryable(err,
                             error_set(err, ERR_IO, "cannot read %s: %s: look after its disk (dmesg), or its mount",
                                       path, strerror(f.os)));
        return error_set(
            err, ERR_IO,
            "%s is damaged: move it away together with its -wal and -shm and start again (the jobs are not "
            "touched; the history and the last run times are lost), or save what can be read with "
            "`sqlite3 %s .recover`",
            path, path);
    case SQLITE_READONLY:
        if (f.sqlite == SQLITE_READONLY_DBMOVED)
            return error_set(err, ERR_IO,
                             "%s was moved or deleted while in use: put it back or start mpijobd again; nothing is "
                             "written meanwhile",
                             path);
        return explain_access(f, path, err);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return explain_access(f, path, err);
    case SQLITE_ERROR:
        return error_set(err, ERR_IO,
                         "%s does not have the tables of its schema, or not as they have to be: `mpijobd state check "
                         "--state %s` tells what is wrong; a backup helps",
                         path, path);
    default:
        return error_set(err, ERR_IO, "%s: %s%s%s (SQLite %d)", path, sqlite3_errstr(f.sqlite), f.os ? ": " : "",
                         f.os ? strerror(f.os) : "", f.sqlite);
    }
}

int fail_sqlite(sqlite3 *db, int rc, const char *path, struct error *err)
{
    return failure_explain(failure_of(db, rc), path, err);
}
