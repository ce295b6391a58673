/* SPDX-License-Identifier: Apache-2.0 */
/* Where the file lives: its folder, the empty file with its mode, and the lock against a second daemon.
 *
 * The lock is flock(2) on a file of its own: SQLite's locks are POSIX ones, which a process loses by closing any
 * descriptor of the database. The lock's file stays when the daemon goes; removing it would let two daemons lock two
 * files of the same name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/parts.h"

/* A new name is durable once its folder is. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd); /* some filesystems cannot; SQLite does without as well */
    close(fd);
}

/* The folder part of path; "." where it has none. False: too long. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= PATH_MAX)
        return false;
    if (!slash)
        strcpy(folder, ".");
    else if (len == 0)
        strcpy(folder, "/");
    else {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    return true;
}

static int cannot_make(const char *folder, struct error *err)
{
    return error_set(err, ERR_IO,
                     "cannot make the folder %s: %s: make it and let the user with the id %ld write there, or name "
                     "another file for the state",
                     folder, strerror(errno), (long)geteuid());
}

/* The state's own folder is for its owner alone; those above it get the usual mode. */
static int make_folders(const char *folder, struct error *err)
{
    char part[PATH_MAX];
    struct stat is;
    if (stat(folder, &is) == 0)
        return 0; /* a file instead is found when the lock is made below it */
    strcpy(part, folder);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        bool last = *at == '\0';
        *at = '\0';
        if (mkdir(part, last ? 0700 : 0755) == 0) {
            char above[PATH_MAX];
            if (folder_of(part, above))
                sync_folder(above);
        } else if (errno != EEXIST && (last || errno != EROFS)) {
            return cannot_make(part, err);
        }
        if (last)
            return 0;
        *at = '/';
    }
}

static int is_folder(const char *path, struct error *err)
{
    return error_set(err, ERR_INVALID, "%s is a folder: name a file in it for the state", path);
}

void db_file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    if (folder_of(path, folder))
        sync_folder(folder);
}

/* Links are followed, so that two names of one database meet in one lock. */
static int resolve(const char *path, const char *folder, char **real, struct error *err)
{
    char found[PATH_MAX];
    struct stat is;
    if (realpath(path, found)) {
        if (stat(found, &is) == 0 && S_ISDIR(is.st_mode))
            return is_folder(path, err);
        *real = strdup(found);
        return *real ? 0 : error_nomem(err);
    }
    if (errno != ENOENT)
        return error_set(err, ERR_IO, "cannot use %s: %s: name another file for the state", path, strerror(errno));
    if (!realpath(folder, found))
        return error_set(err, ERR_IO, "cannot use the folder %s: %s", folder, strerror(errno));
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct buf b = BUF_INIT;
    buf_printf(&b, "%s/%s", strcmp(found, "/") == 0 ? "" : found, name);
    int rc = buf_result(&b, "the state's path", err);
    *real = rc ? NULL : buf_take(&b, NULL);
    buf_free(&b);
    return rc;
}

#define BRIEF " for a moment"
#define LOOKS_MS 500 /* so long a lock that others only look at may seem taken, on a busy machine */
#define LOOK_MS 5

/* What the holder has written into the lock's file: its process. Returns whether it has the file for a moment only. */
static bool read_holder(int fd, char pid[STORE_PID_SIZE])
{
    char text[64];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    size_t digits = strspn(text, "0123456789");
    snprintf(pid, STORE_PID_SIZE, "%.*s", (int)digits, text);
    return strncmp(text + digits, BRIEF, strlen(BRIEF)) == 0;
}

static int locked_by_other(int fd, const char *path, struct error *err)
{
    char pid[STORE_PID_SIZE];
    bool soon = read_holder(fd, pid) || !*pid; /* one that has not said yet who it is has just come */
    return error_set(err, soon ? ERR_CONFLICT : ERR_IO,
                     "%s is used by another mpijobd (process %s): %s, or name another file for the state", path,
                     *pid ? pid : "unknown", soon ? "try again when that one has ended" : "stop that one");
}

/* A look at who has the lock (store_holder) has it too, for an instant: that is waited for. 0, or errno. */
static int lock_soon(int fd)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    int why = 0;
    for (int waited = 0; waited <= LOOKS_MS; waited += LOOK_MS) {
        why = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
        if (why != EWOULDBLOCK)
            return why;
        nanosleep(&pause, NULL);
    }
    return why;
}

static int take_lock(const char *path, bool brief, int *lock, struct error *err)
{
    char name[PATH_MAX + 8];
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return error_set(err, ERR_IO, "the path %s is too long", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_set(err, ERR_IO,
                         "cannot write %s: %s: let the user with the id %ld write in its folder, or name another file "
                         "for the state",
                         name, strerror(errno), (long)geteuid());
    int why = lock_soon(fd);
    if (why) {
        int rc = why == EWOULDBLOCK
                     ? locked_by_other(fd, path, err)
                     : error_set(err, ERR_IO, "cannot lock %s: %s: use a filesystem with locks", name, strerror(why));
        close(fd);
        return rc;
    }
    /* For the message of the one that comes too late; that it may fail on a full disk is no reason to stop. */
    if (ftruncate(fd, 0) == 0)
        (void)!dprintf(fd, "%ld%s\n", (long)getpid(), brief ? BRIEF : "");
    *lock = fd;
    return 0;
}

int store_holder(const char *path, bool *held, bool *brief, char pid[STORE_PID_SIZE])
{
    char name[PATH_MAX + 8];
    snprintf(name, sizeof name, "%s.lock", path);
    *held = *brief = false;
    pid[0] = '\0';
    int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    int rc = 0;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0) { /* several may look at once */
        *held = errno == EWOULDBLOCK;
        rc = *held ? 0 : errno;
        *brief = read_holder(fd, pid);
    }
    close(fd); /* where the lock was free, this gives it back at once */
    return rc;
}

static int check_path(const char *path, char folder[PATH_MAX], struct error *err)
{
    if (!*path)
        return error_set(err, ERR_INVALID, "the state's path is empty: name a file");
    if (path[strlen(path) - 1] == '/')
        return is_folder(path, err);
    if (strlen(path) >= PATH_MAX - 8 || !folder_of(path, folder))
        return error_set(err, ERR_IO, "the path %.64s... is too long", path);
    return 0;
}

int db_file_resolve(const char *path, char **real, struct error *err)
{
    char folder[PATH_MAX];
    *real = NULL;
    int rc = check_path(path, folder, err);
    return rc ? rc : resolve(path, folder, real, err);
}

int db_file_make(const char *path, bool brief, char **real, int *lock, struct error *err)
{
    char folder[PATH_MAX];
    *real = NULL;
    *lock = -1;
    int rc = check_path(path, folder, err);
    if (rc == 0)
        rc = make_folders(folder, err);
    if (rc == 0)
        rc = resolve(path, folder, real, err);
    if (rc == 0)
        rc = take_lock(*real, brief, lock, err);
    if (rc == 0) {
        /* SQLite would make it readable for all users. Only where it is missing: closing it would end POSIX locks. */
        int fd = open(*real, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
        else if (errno != EEXIST)
            rc = error_set(err, ERR_IO, "cannot make %s: %s", *real, strerror(errno));
    }
    if (rc) {
        free(*real);
        *real = NULL;
        db_file_release(*lock);
        *lock = -1;
    }
    return rc;
}

void db_file_release(int lock)
{
    if (lock >= 0)
        close(lock);
}
