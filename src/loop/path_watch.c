/* SPDX-License-Identifier: Apache-2.0 */
/* inotify itself, and not uv_fs_event: that says nothing where events were lost, or where a folder has gone. */
#include "loop/path_watch.h"

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

#define READS 16 /* of events, in one turn of the loop */

static const struct watched *find(const struct path_watch *w, int wd)
{
    struct watched *found;
    HASH_FIND_INT(w->by_wd, &wd, found);
    return found;
}

static bool counts(const struct watched *at, const struct inotify_event *event)
{
    const struct watched_name *name;
    if (!event->len) /* of the folder or file itself */
        return at->file || (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED));
    HASH_FIND_STR(at->names, event->name, name);
    if (name)
        return true;
    struct str text = str_of(event->name);
    return at->suffix && text.ptr[0] != '.' && str_ends(text, at->suffix);
}

/* Into `path`: where it has happened. False: it does not count. */
static bool look_up(struct path_watch *w, const struct inotify_event *event, char path[PATH_MAX])
{
    bool found = false;
    if (event->mask & IN_Q_OVERFLOW) {
        snprintf(path, PATH_MAX, "more than inotify could tell");
        return true;
    }
    uv_mutex_lock(&w->mutex);
    const struct watched *at = find(w, event->wd);
    if (at && counts(at, event)) {
        found = true;
        snprintf(path, PATH_MAX, "%s%s%s", at->path, event->len && at->path[1] ? "/" : "",
                 event->len ? event->name : "");
    }
    uv_mutex_unlock(&w->mutex);
    return found;
}

/* Tells the first change of a piece: one is enough, as all is looked at again. */
static void take(struct path_watch *w, const char *bytes, size_t n)
{
    char path[PATH_MAX];
    bool found = false;
    for (size_t at = 0; at < n && !found;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(bytes + at);
        found = look_up(w, event, path);
        at += sizeof *event + event->len;
    }
    if (found && !w->closing)
        w->changed(w->data, path);
}

static void readable(uv_poll_t *poll, int status, int events)
{
    struct path_watch *w = poll->data;
    _Alignas(struct inotify_event) char bytes[4096];
    (void)status;
    (void)events;
    for (int i = 0; i < READS && !w->closing; i++) {
        ssize_t n = read(w->fd, bytes, sizeof bytes);
        if (n <= 0)
            return;
        take(w, bytes, (size_t)n);
    }
}

int path_watch_open(uv_loop_t *loop, void (*changed)(void *data, const char *path), void *data, struct path_watch **out,
                    struct error *err)
{
    struct path_watch *w = calloc(1, sizeof *w);
    if (!w)
        return error_nomem(err);
    w->changed = changed;
    w->data = data;
    w->poll.data = w;
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        free(w);
        return error_set(err, ERR_LIMIT, "inotify cannot be used: %s%s", strerror(errno),
                         errno == EMFILE ? "; raise fs.inotify.max_user_instances (sysctl)" : "");
    }
    if (uv_mutex_init(&w->mutex) || uv_poll_init(loop, &w->poll, w->fd)) {
        close(w->fd);
        free(w);
        return error_nomem(err);
    }
    uv_poll_start(&w->poll, UV_READABLE, readable);
    uv_unref((uv_handle_t *)&w->poll);
    *out = w;
    return 0;
}

static void poll_closed(uv_handle_t *handle)
{
    struct path_watch *w = handle->data;
    void (*closed)(void *) = w->closed;
    void *data = w->closed_data;
    close(w->fd);
    watched_free(&w->by_wd);
    uv_mutex_destroy(&w->mutex);
    free(w);
    if (closed)
        closed(data);
}

void path_watch_close(struct path_watch *w, void (*closed)(void *data), void *data)
{
    w->closing = true;
    w->closed = closed;
    w->closed_data = data;
    uv_close((uv_handle_t *)&w->poll, poll_closed);
}
