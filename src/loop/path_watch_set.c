/* SPDX-License-Identifier: Apache-2.0 */
/* From paths to the folders on their ways. A folder is watched before a name in it is looked up: what happens to the
 * name after that is told. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "loop/path_watch_parts.h"

#define LINKS_MAX 40 /* in one path, as the kernel has it */
#define EVENTS                                                                                                         \
    (IN_ATTRIB | IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_MOVED_FROM |  \
     IN_MOVED_TO | IN_EXCL_UNLINK)

struct look {
    struct path_watch *watch;
    struct watched *by_wd, *by_path; /* the same, hashed twice */
    size_t count;
    struct error *err;
    int rc;
};

/* ---- what is watched ---- */

static void free_one(struct watched *at)
{
    struct watched_name *name, *next;
    HASH_ITER(hh, at->names, name, next)
    {
        HASH_DEL(at->names, name);
        free(name);
    }
    free(at->path);
    free(at);
}

void watched_free(struct watched **by_wd)
{
    struct watched *at, *next;
    HASH_ITER(hh, *by_wd, at, next)
    {
        HASH_DEL(*by_wd, at);
        free_one(at);
    }
}

static void refused(struct look *l, const char *path, int code)
{
    if (l->rc)
        return;
    if (code == ENOSPC)
        l->rc = error_set(l->err, ERR_LIMIT,
                          "%s: the system allows no further watches; raise fs.inotify.max_user_watches (sysctl)", path);
    else if (code == ENOMEM)
        l->rc = error_nomem(l->err);
}

/* NULL: it cannot be watched; a folder that may not be read is passed over. */
static struct watched *watch_one(struct look *l, const char *path, bool file)
{
    struct watched *at;
    HASH_FIND(hh_by_path, l->by_path, path, strlen(path), at);
    if (at || l->rc)
        return at;
    if (l->count >= PATH_WATCH_MAX) {
        l->rc = error_set(l->err, ERR_LIMIT, "%s: at most %d folders are watched", path, PATH_WATCH_MAX);
        return NULL;
    }
    int wd = inotify_add_watch(l->watch->fd, path, EVENTS | (file ? 0 : IN_ONLYDIR));
    if (wd < 0) {
        refused(l, path, errno);
        return NULL;
    }
    HASH_FIND_INT(l->by_wd, &wd, at);
    if (at) /* by another path: a mount, say */
        return at;
    at = calloc(1, sizeof *at);
    char *copy = str_dup(str_of(path));
    if (!at || !copy) {
        free(at);
        free(copy);
        l->rc = error_nomem(l->err);
        return NULL;
    }
    at->wd = wd;
    at->file = file;
    at->path = copy;
    HASH_ADD_INT(l->by_wd, wd, at);
    HASH_ADD_KEYPTR(hh_by_path, l->by_path, at->path, strlen(at->path), at);
    l->count++;
    return at;
}

static void watch_name(struct look *l, const char *folder, const char *name)
{
    struct watched *at = watch_one(l, folder, false);
    struct watched_name *known;
    size_t len = strlen(name);
    if (!at)
        return;
    HASH_FIND_STR(at->names, name, known);
    if (known)
        return;
    known = malloc(sizeof *known + len + 1);
    if (!known) {
        l->rc = error_nomem(l->err);
        return;
    }
    memcpy(known->name, name, len + 1);
    HASH_ADD_STR(at->names, name, known);
}

/* ---- the way of a path ---- */

struct way {
    char at[PATH_MAX], rest[2 * PATH_MAX]; /* at: real, absolute, without a slash at the end but for "/" */
    size_t from;                           /* what of `rest` is taken */
    int links;
};

static bool enter(struct way *way, const char *name)
{
    char next[PATH_MAX];
    int n = snprintf(next, sizeof next, "%s/%s", way->at[1] ? way->at : "", name);
    if (n >= (int)sizeof next)
        return false;
    memcpy(way->at, next, (size_t)n + 1);
    return true;
}

static void leave(struct way *way)
{
    char *slash = strrchr(way->at, '/');
    slash[slash == way->at] = '\0';
}

static bool follow_link(struct way *way, const char *path)
{
    char target[PATH_MAX], rest[sizeof way->rest];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0 || ++way->links > LINKS_MAX)
        return false;
    target[n] = '\0';
    if (snprintf(rest, sizeof rest, "%s/%s", target, way->rest + way->from) >= (int)sizeof rest)
        return false;
    memcpy(way->rest, rest, sizeof rest);
    way->from = 0;
    if (target[0] == '/')
        memcpy(way->at, "/", 2);
    return true;
}

/* Takes the next name off the way. */
static bool next_name(struct way *way, char name[NAME_MAX + 1])
{
    way->from += strspn(way->rest + way->from, "/");
    size_t n = strcspn(way->rest + way->from, "/");
    if (!n || n > NAME_MAX)
        return false;
    memcpy(name, way->rest + way->from, n);
    name[n] = '\0';
    way->from += n;
    return true;
}

/* One name further. False: the way ends here, before its end. */
static bool step(struct look *l, struct way *way, const char *name)
{
    struct stat st;
    size_t len = strlen(way->at);
    if (strcmp(name, ".") == 0)
        return true;
    if (strcmp(name, "..") == 0) {
        leave(way);
        return true;
    }
    watch_name(l, way->at, name);
    if (!enter(way, name) || lstat(way->at, &st))
        return false;
    if (!S_ISLNK(st.st_mode))
        return true;
    char link[PATH_MAX];
    memcpy(link, way->at, sizeof link);
    way->at[len] = '\0'; /* the folder of the link */
    return follow_link(way, link);
}

/* Where the way has led to. */
static void watch_end(struct look *l, const struct watched_path *path, const char *end, bool folder)
{
    if (folder ? !path->suffix : !path->self)
        return;
    struct watched *at = watch_one(l, end, !folder);
    if (at && folder && (!at->suffix || !*path->suffix))
        at->suffix = path->suffix;
}

static void follow(struct look *l, const struct watched_path *path, const char *folder)
{
    struct way *way = calloc(1, sizeof *way);
    char name[NAME_MAX + 1];
    struct stat st;
    bool whole = true;
    if (!way) {
        l->rc = error_nomem(l->err);
        return;
    }
    snprintf(way->at, sizeof way->at, "/");
    if (snprintf(way->rest, sizeof way->rest, "%s/%s", path->path[0] == '/' ? "" : folder, path->path) >=
        (int)sizeof way->rest)
        whole = false;
    while (whole && !l->rc && next_name(way, name))
        whole = step(l, way, name);
    if (whole && !l->rc && !way->rest[way->from] && stat(way->at, &st) == 0)
        watch_end(l, path, way->at, S_ISDIR(st.st_mode));
    free(way);
}

/* ---- all of them ---- */

int path_watch_set(struct path_watch *w, const struct watched_path *paths, size_t count, struct error *err)
{
    struct look l = {.watch = w, .err = err};
    char folder[PATH_MAX];
    struct watched *at, *next, *old;
    if (!getcwd(folder, sizeof folder))
        snprintf(folder, sizeof folder, "/");
    for (size_t i = 0; i < count && !l.rc; i++)
        follow(&l, &paths[i], folder);
    HASH_CLEAR(hh_by_path, l.by_path);
    uv_mutex_lock(&w->mutex);
    old = w->by_wd;
    w->by_wd = l.by_wd;
    uv_mutex_unlock(&w->mutex);
    HASH_ITER(hh, old, at, next)
    {
        struct watched *still;
        HASH_FIND_INT(l.by_wd, &at->wd, still);
        if (!still)
            inotify_rm_watch(w->fd, at->wd);
    }
    watched_free(&old);
    return l.rc;
}
