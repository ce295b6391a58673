/* SPDX-License-Identifier: Apache-2.0 */
/* The socket is bound under another name and then renamed, so that it takes the place of an old one at once and is
 * never there without listening. Which daemon has the path is told by a lock (flock) on a file beside it: a socket
 * shows nothing of the kind, and two daemons that start at once would both find the old one dead. As with the journal's
 * lock, that file stays. */
#include "control/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include "base/str.h"

/* ---- the path as an address ---- */

struct place {
    int folder; /* open; -1: the address is the whole path */
    struct sockaddr_un address;
};

/* An address has room for 107 bytes only: a longer path is a name in its folder. */
static int place_of(const char *path, struct place *place, struct error *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    *place = (struct place){.folder = -1, .address = {.sun_family = AF_UNIX}};
    if (strlen(path) < sizeof place->address.sun_path) {
        strcpy(place->address.sun_path, path);
        return 0;
    }
    if (!slash || (size_t)(slash - path) >= sizeof folder || strlen(slash + 1) >= sizeof place->address.sun_path)
        return error_set(err, ERR_INVALID,
                         "the path %.64s... is too long for a socket: name a shorter one with `control:`", path);
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    strcpy(place->address.sun_path, slash + 1);
    place->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place->folder < 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot use the folder %s: %s", folder,
                         strerror(errno));
    return 0;
}

struct errand {
    const struct place *place;
    int fd, why; /* why: an errno, 0: it is done */
    bool binds;
};

static int call(const struct errand *e)
{
    const struct sockaddr *address = (const struct sockaddr *)&e->place->address;
    socklen_t size = sizeof e->place->address;
    return (e->binds ? bind(e->fd, address, size) : connect(e->fd, address, size)) ? errno : 0;
}

/* On a thread whose current folder is its own. */
static void go_there(void *data)
{
    struct errand *e = data;
    e->why = unshare(CLONE_FS) || fchdir(e->place->folder) ? errno : call(e);
}

/* Binds or connects, and leaves the place. 0 or an errno. */
static int reach(const struct place *place, int fd, bool binds)
{
    struct errand e = {place, fd, 0, binds};
    uv_thread_t thread;
    if (place->folder < 0)
        return call(&e);
    e.why = -uv_thread_create(&thread, go_there, &e); /* libuv's codes are errnos */
    if (!e.why)
        uv_thread_join(&thread);
    close(place->folder);
    return e.why;
}

/* ---- who has it ---- */

static int taken(int lock, const char *path, struct error *err)
{
    char pid[24] = "";
    ssize_t n = pread(lock, pid, sizeof pid - 1, 0);
    pid[n > 0 ? strspn(pid, "0123456789") : 0] = '\0';
    return error_set(err, ERR_IO,
                     "%s is the control socket of another mpijobd (process %s): stop that one, or name another path "
                     "with --control",
                     path, *pid ? pid : "unknown");
}

static int take_lock(const char *path, int *lock, struct error *err)
{
    char name[PATH_MAX];
    struct stat is;
    if (snprintf(name, sizeof name, "%s.lock", path) >= (int)sizeof name)
        return error_set(err, ERR_INVALID, "the path %.64s... is too long", path);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return error_set(err, ERR_IO,
                         "cannot write %s: %s: let the user with the id %ld write in its folder, or name another path "
                         "with --control",
                         name, strerror(errno), (long)geteuid());
    int rc = 0;
    if (fstat(fd, &is) || !S_ISREG(is.st_mode))
        rc = error_set(err, ERR_INVALID, "%s is no regular file: remove it, or name another path with --control", name);
    else if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        rc = errno == EWOULDBLOCK ? taken(fd, path, err)
                                  : error_set(err, ERR_IO, "cannot lock %s: %s", name, strerror(errno));
    if (rc) {
        close(fd);
        return rc;
    }
    if (ftruncate(fd, 0) == 0) /* only for the message of the one that comes too late */
        (void)!dprintf(fd, "%ld\n", (long)getpid());
    *lock = fd;
    return 0;
}

static const char *kind_of(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder" : S_ISLNK(mode) ? "a link" : S_ISREG(mode) ? "a file" : "no socket";
}

static int no_socket(const char *path, mode_t mode, struct error *err)
{
    return error_set(err, ERR_INVALID, "%s is %s, and not a socket: remove it, or name another path with --control",
                     path, kind_of(mode));
}

/* Does a program listen there that knows nothing of our lock? */
static int check_old(const char *path, struct error *err)
{
    struct stat is;
    struct error why;
    int fd;
    if (lstat(path, &is))
        return errno == ENOENT ? 0 : error_set(err, ERR_IO, "cannot use %s: %s", path, strerror(errno));
    if (!S_ISSOCK(is.st_mode))
        return no_socket(path, is.st_mode, err);
    int rc = control_socket_connect(path, &fd, &why);
    if (rc == ERR_UNREACHABLE || rc == ERR_NOT_FOUND)
        return 0;
    if (rc == 0)
        close(fd);
    return error_set(err, ERR_IO, "another program listens on %s: stop that one, or name another path with --control",
                     path);
}

/* Where everybody may rename and remove, anybody could put a socket of his own in our place. */
static int check_folder(const char *path, struct error *err)
{
    char folder[PATH_MAX] = ".";
    struct stat is;
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (stat(folder, &is) || !S_ISDIR(is.st_mode))
        return error_set(err, ERR_IO,
                         "there is no folder %s for the control socket: make it, or name another path "
                         "with --control",
                         folder);
    if ((is.st_mode & S_IWOTH) && !(is.st_mode & S_ISVTX))
        return error_set(err, ERR_INVALID,
                         "everybody may write in %s, so anybody could take the place of the control socket there: name "
                         "another path with --control",
                         folder);
    return 0;
}

/* ---- listening ---- */

static int bind_there(int fd, const char *path, mode_t mode, struct error *err)
{
    struct place place;
    struct stat is;
    int rc = place_of(path, &place, err);
    if (rc)
        return rc;
    if (lstat(path, &is) == 0 && S_ISSOCK(is.st_mode)) /* of a daemon that died at this point; the lock is ours */
        unlink(path);
    /* The file gets the descriptor's mode: nobody else may connect at any moment. */
    int why = fchmod(fd, 0600) ? errno : 0; /* and whoever connects is asked for who it is, whatever the mode */
    if (!why)
        why = reach(&place, fd, true);
    else if (place.folder >= 0)
        close(place.folder);
    if (why)
        return error_set(err, ERR_IO, "cannot make the socket %s: %s", path, strerror(why));
    if (lstat(path, &is) || listen(fd, CONTROL_BACKLOG))
        rc = error_set(err, ERR_IO, "cannot listen on %s: %s", path, strerror(errno));
    else if (is.st_mode & 077)
        rc = error_set(err, ERR_IO, "others may connect to %s on this file system: name another path with --control",
                       path);
    else if (mode != 0600 && chmod(path, mode))
        rc = error_set(err, ERR_IO, "cannot let approvers connect to %s: %s", path, strerror(errno));
    if (rc)
        unlink(path);
    return rc;
}

static int make_socket(const char *path, mode_t mode, struct control_socket *a, struct error *err)
{
    char name[PATH_MAX];
    struct stat is;
    snprintf(name, sizeof name, "%s.new", path);
    a->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (a->fd < 0)
        return error_set(err, ERR_IO, "cannot make a socket: %s", strerror(errno));
    int rc = bind_there(a->fd, name, mode, err);
    if (rc)
        return rc;
    if (lstat(name, &is) || rename(name, path)) {
        rc = error_set(err, ERR_IO, "cannot make the socket %s: %s", path, strerror(errno));
        unlink(name);
        return rc;
    }
    a->device = is.st_dev;
    a->inode = is.st_ino;
    return 0;
}

int control_socket_listen(const char *path, bool all, struct control_socket *a, struct error *err)
{
    *a = (struct control_socket){.fd = -1, .lock = -1};
    if (!*path || strlen(path) >= PATH_MAX - 8)
        return error_set(err, ERR_INVALID, "the control socket's path is %s: name another one with --control",
                         *path ? "too long" : "empty");
    int rc = check_folder(path, err);
    if (!rc)
        rc = take_lock(path, &a->lock, err);
    if (!rc)
        rc = check_old(path, err);
    if (!rc && !(a->path = strdup(path)))
        rc = error_nomem(err);
    if (!rc)
        rc = make_socket(path, all ? 0666 : 0600, a, err);
    if (!rc)
        return 0;
    if (a->fd >= 0)
        close(a->fd);
    if (a->lock >= 0)
        close(a->lock);
    free(a->path);
    *a = (struct control_socket){.fd = -1, .lock = -1};
    return rc;
}

void control_socket_leave(struct control_socket *a)
{
    struct stat is;
    if (a->path && lstat(a->path, &is) == 0 && is.st_dev == a->device && is.st_ino == a->inode)
        unlink(a->path);
    if (a->lock >= 0)
        close(a->lock);
    free(a->path);
    *a = (struct control_socket){.fd = -1, .lock = -1};
}

/* ---- connecting ---- */

static int cannot_connect(const char *path, int why, struct error *err)
{
    switch (why) {
    case ENOENT:
    case ENOTDIR:
        return error_set(err, ERR_NOT_FOUND,
                         "no daemon can be asked at %s: there is no such socket; is one running, and has it this "
                         "--config, --state or "
                         "--control?",
                         path);
    case ECONNREFUSED:
        return error_set(err, ERR_UNREACHABLE,
                         "no daemon can be asked at %s: the one that made this socket has ended; start it again", path);
    case EAGAIN: /* the time of the socket is over */
        return error_set(err, ERR_TIMEOUT, "the daemon at %s takes no connections", path);
    case EACCES:
    case EPERM:
        return error_set(
            err, ERR_REFUSED,
            "you may not ask the daemon at %s: only its own user and root may, and its approvers where the "
            "configuration names some, in a folder that they can enter",
            path);
    default:
        return error_set(err, ERR_IO, "cannot connect to %s: %s", path, strerror(why));
    }
}

/* What a stranger's socket says would be believed. An approver asks a daemon of another user: that is who may write in
 * the socket's folder, but for root. */
static bool is_its_place(const char *path, uid_t peer)
{
    char folder[PATH_MAX] = ".";
    struct stat is;
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return stat(folder, &is) == 0 && (is.st_uid == 0 || is.st_uid == peer) && !(is.st_mode & (S_IWGRP | S_IWOTH));
}

static int check_peer(int fd, const char *path, struct error *err)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    uid_t me = geteuid();
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
        return error_set(err, ERR_IO, "cannot tell who listens on %s: %s", path, strerror(errno));
    if (me == 0 || peer.uid == 0 || peer.uid == me || is_its_place(path, peer.uid))
        return 0;
    return error_set(
        err, ERR_REFUSED,
        "%s is listened on by the user with the id %ld, who is neither you nor root, and others may write in "
        "its folder",
        path, (long)peer.uid);
}

int control_socket_connect(const char *path, int *out, struct error *err)
{
    struct place place;
    struct stat is;
    struct timeval patience = {CONTROL_CONNECT_MS / 1000, 0};
    if (lstat(path, &is) == 0 && !S_ISSOCK(is.st_mode) && !S_ISLNK(is.st_mode))
        return no_socket(path, is.st_mode, err);
    int rc = place_of(path, &place, err);
    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int why = fd < 0 ? errno : 0;
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* connect waits no longer than that */
    int reached = reach(&place, fd, false);
    if (why)
        rc = error_set(err, ERR_IO, "cannot make a socket: %s", strerror(why));
    else if (reached)
        rc = cannot_connect(path, reached, err);
    else
        rc = check_peer(fd, path, err);
    if (rc && fd >= 0)
        close(fd);
    else
        *out = fd;
    return rc;
}
