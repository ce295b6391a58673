/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the whole file: by SQLite's backup, from one snapshot. Without that snapshot each commit of the daemon
 * would have the copy begin again, and one that is busy would let no copy end. */
#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "store/parts.h"

#define STEP_BYTES (1 << 20)

/* ---- may it be written there? ---- */

static bool is_same(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* SQLite would take a -wal that is left there for the copy's own, and read its pages in place of the copy's. */
static int has_rest(const char *to, struct error *err)
{
    static const char *const endings[] = {"-wal", "-journal"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", to, endings[i]);
        if (access(name, F_OK) == 0)
            return error_set(err, ERR_INVALID,
                             "%s is there, of a database that was at %s: move it away, or name another file for the "
                             "copy",
                             name, to);
    }
    return 0;
}

/* from and to: without links in their folders. */
static int is_of_state(const char *from, const char *to, const char *given, struct error *err)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".lock", ".control"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", from, endings[i]);
        if (strcmp(name, to) == 0 || is_same(name, to))
            return error_set(err, ERR_INVALID,
                             "%s is the state itself, or a part of it: name another file for its copy", given);
    }
    return 0;
}

static int check_target(const char *from, const char *to, const struct store_copying *c, struct error *err)
{
    struct stat is;
    char pid[STORE_PID_SIZE];
    bool held, brief;
    int rc = is_of_state(from, to, c->to, err);
    if (rc || lstat(to, &is) != 0)
        return rc ? rc : has_rest(to, err);
    if (!S_ISREG(is.st_mode))
        return error_set(err, ERR_INVALID, "%s is not a regular file: name another file for the copy", c->to);
    if (!c->overwrite)
        return error_set(err, ERR_CONFLICT, "%s is there already: name another file, or have it replaced (--overwrite)",
                         c->to);
    if (store_holder(to, &held, &brief, pid) == 0 && held)
        return error_set(err, ERR_INVALID, "%s is the state of a daemon that runs (process %s): name another file",
                         c->to, *pid ? pid : "unknown");
    return has_rest(to, err);
}

/* ---- the copy ---- */

struct copy {
    sqlite3 *from, *to;
    const char *part;      /* the file that it is made in */
    const char *from_path; /* for messages */
    const struct store_copying *how;
};

static int of_copy(const struct copy *c, int rc, struct error *err)
{
    return fail_sqlite(c->to, rc, c->part, err);
}

/* Which of the two has failed? What the source cannot give is damage there; everything else is the new file's. */
static int of_step(const struct copy *c, int rc, struct error *err)
{
    int primary = rc & 0xff;
    bool read = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || rc == SQLITE_IOERR_READ ||
                rc == SQLITE_IOERR_SHORT_READ || primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
    return read ? fail_sqlite(c->from, rc, c->from_path, err) : of_copy(c, rc, err);
}

static int copy_pages(const struct copy *c, struct error *err)
{
    int64_t page = 4096;
    sqlite3_backup *backup = sqlite3_backup_init(c->to, "main", c->from, "main");
    if (!backup)
        return of_copy(c, sqlite3_extended_errcode(c->to), err);
    (void)schema_number(c->from, "PRAGMA page_size", &page);
    int rc, given_up = 0;
    do {
        rc = sqlite3_backup_step(backup, STEP_BYTES / (int)page);
        int64_t total = sqlite3_backup_pagecount(backup) * page, left = sqlite3_backup_remaining(backup) * page;
        if (rc == SQLITE_OK && c->how && c->how->step && !c->how->step(c->how->data, total - left, total))
            given_up = 1;
    } while (rc == SQLITE_OK && !given_up);
    FAILPOINT("copied");
    int end = sqlite3_backup_finish(backup);
    if (given_up)
        return error_set(err, ERR_CANCELLED, "the copy was given up, and nothing is left of it");
    return rc == SQLITE_DONE ? 0 : of_step(c, end ? end : rc, err);
}

/* One file without a -wal, which is read also where nothing may be written; and whole, as far as a look tells. */
static int finish_copy(const struct copy *c, struct error *err)
{
    int rc = sqlite3_exec(c->to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    if (rc)
        return of_copy(c, rc, err);
    rc = db_look_for_damage(c->to);
    return rc ? of_step(c, rc, err) : 0;
}

static int fill(struct copy *c, struct error *err)
{
    /* The file is nobody's until it has its name, and is written to the disk before that. */
    static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF";
    int rc = sqlite3_open_v2(c->part, &c->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(c->to, settings, NULL, NULL, NULL);
    if (rc)
        return of_copy(c, rc, err);
    sqlite3_extended_result_codes(c->to, 1);
    rc = copy_pages(c, err);
    return rc ? rc : finish_copy(c, err);
}

/* All steps see what is committed now. */
static int from_snapshot(struct copy *c, struct error *err)
{
    int64_t any;
    int rc = sqlite3_exec(c->from, "BEGIN", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = schema_number(c->from, "SELECT count(*) FROM sqlite_master", &any);
    int code = rc ? fail_sqlite(c->from, rc, c->from_path, err) : fill(c, err);
    if (!sqlite3_get_autocommit(c->from))
        sqlite3_exec(c->from, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(c->to);
    return code;
}

/* ---- its name ---- */

static int sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int why = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return why;
}

/* 0, or errno; EEXIST: something has come there meanwhile. */
static int give_name(const char *part, const char *to, bool overwrite)
{
    if (overwrite)
        return rename(part, to) == 0 ? 0 : errno;
    if (renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    if (link(part, to) != 0) /* a filesystem that cannot do it in one: NFS */
        return errno;
    unlink(part);
    return 0;
}

static int cannot(const char *to, int why, struct error *err)
{
    if (why == EEXIST)
        return error_set(err, ERR_CONFLICT, "%s has come to be there meanwhile: name another file", to);
    return error_set(err, ERR_IO,
                     "cannot write %s: %s: its folder must be there, with room, and the user with the id "
                     "%ld must be able to write in it",
                     to, strerror(why), (long)geteuid());
}

int db_copy(sqlite3 *from, const char *from_path, const char *to, bool overwrite, const struct store_copying *how,
            struct error *err)
{
    char part[PATH_MAX + 32];
    struct copy c = {.from = from, .part = part, .from_path = from_path, .how = how};
    snprintf(part, sizeof part, "%s.partial-XXXXXX", to);
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return cannot(to, errno, err);
    close(fd);
    int rc = from_snapshot(&c, err);
    int why = rc ? 0 : sync_file(part);
    FAILPOINT("copy-named");
    if (!rc && !why)
        why = give_name(part, to, overwrite);
    if (!rc && !why) {
        db_file_sync_folder(to);
        return 0;
    }
    unlink(part);
    return rc ? rc : cannot(to, why, err);
}

int store_copy(const struct store_copying *copying, struct error *err)
{
    struct store *s;
    char *from, *to = NULL;
    int rc = store_open_any(copying->from, &s, err);
    if (rc)
        return rc;
    rc = db_file_resolve(s->path, &from, err);
    if (!rc)
        rc = db_file_resolve(copying->to, &to, err);
    if (!rc)
        rc = check_target(from, to, copying, err);
    if (!rc)
        rc = db_copy(s->reader, from, to, copying->overwrite, copying, err);
    free(from);
    free(to);
    store_free(s);
    return rc;
}
