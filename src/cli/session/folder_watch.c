/* SPDX-License-Identifier: Apache-2.0 */
/* inotify by libuv, a handle a folder. */
#include "cli/session/folder_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MOMENT_MS 200

struct folder {
    uv_fs_event_t event;
    struct folder_watch *owner;
    char *path;
    struct folder *next;
};

struct folder_watch {
    uv_loop_t *loop;
    struct folder *folders;
    uv_timer_t moment;
    size_t open; /* handles */
    bool over;
};

static void moment_over(uv_timer_t *timer)
{
    ((struct folder_watch *)timer->data)->over = true;
}

static void changed(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct folder_watch *c = ((struct folder *)event->data)->owner;
    (void)events;
    (void)status;
    if (!name || *name != '.') /* an editor's own files are hidden */
        uv_timer_start(&c->moment, moment_over, MOMENT_MS, 0);
}

static int add(struct folder_watch *c, uv_loop_t *loop, struct str path, struct error *err)
{
    for (const struct folder *f = c->folders; f; f = f->next) {
        if (str_is(path, f->path))
            return 0;
    }
    struct folder *f = calloc(1, sizeof *f);
    char *copy = str_dup(path);
    if (!f || !copy) {
        free(f);
        free(copy);
        return error_nomem(err);
    }
    f->path = copy;
    f->owner = c;
    f->next = c->folders;
    c->folders = f;
    uv_fs_event_init(loop, &f->event);
    f->event.data = f;
    c->open++;
    int rc = uv_fs_event_start(&f->event, changed, f->path, 0);
    return rc ? error_set(err, ERR_IO, "%s cannot be watched: %s", f->path, uv_strerror(rc)) : 0;
}

static struct str folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return str_of(".");
    return slash == file ? str_of("/") : str_n(file, (size_t)(slash - file));
}

static void timer_closed(uv_handle_t *handle)
{
    ((struct folder_watch *)handle->data)->open--;
}

static void folder_closed(uv_handle_t *handle)
{
    ((struct folder *)handle->data)->owner->open--;
}

int folder_watch_begin(uv_loop_t *loop, char *const *files, struct folder_watch **out, struct error *err)
{
    struct folder_watch *c = calloc(1, sizeof *c);
    if (!c)
        return error_nomem(err);
    int rc = 0;
    c->loop = loop;
    c->open = 1;
    uv_timer_init(loop, &c->moment);
    c->moment.data = c;
    for (; *files && !rc; files++)
        rc = add(c, loop, folder_of(*files), err);
    if (rc)
        folder_watch_end(c);
    else
        *out = c;
    return rc;
}

void folder_watch_wait(struct folder_watch *c)
{
    while (!c->over && uv_run(c->loop, UV_RUN_ONCE)) {
    }
}

void folder_watch_end(struct folder_watch *c)
{
    uv_close((uv_handle_t *)&c->moment, timer_closed);
    for (struct folder *f = c->folders; f; f = f->next)
        uv_close((uv_handle_t *)&f->event, folder_closed);
    while (c->open)
        uv_run(c->loop, UV_RUN_NOWAIT);
    while (c->folders) {
        struct folder *f = c->folders;
        c->folders = f->next;
        free(f->path);
        free(f);
    }
    free(c);
}
