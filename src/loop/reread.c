/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are watched, and read again when they change. A change that comes while they are read has them read once
 * more. */
#include "loop/reread.h"

#include <stdlib.h>

#include "loop/path_watch.h"
#include "loop/timer.h"
#include "loop/work.h"

struct reread {
    struct work work;
    struct deadline timer; /* of the next reading */
    struct path_watch *watch;
    struct reread_files files;
    uv_loop_t *loop;
    bool settles, busy, again, closing;
    void (*closed)(void *data);
    void *data; /* of closed */
};

static void watch_closed(void *data)
{
    struct reread *r = data;
    r->closed(r->data);
    free(r);
}

static void timer_closed(struct deadline *timer)
{
    struct reread *r = timer->data;
    path_watch_close(r->watch, watch_closed, r);
}

/* On another thread. */
static void read_again(struct work *work)
{
    struct reread *r = (struct reread *)work;
    struct watched_path paths[REREAD_FILES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < REREAD_FILES_MAX; i++) {
        if (r->files.paths[i])
            paths[n++] = (struct watched_path){.path = r->files.paths[i], .self = true};
    }
    path_watch_set(r->watch, paths, n, NULL); /* each time: a link may lead elsewhere now */
    r->files.read(r->files.data);
}

static void start(struct reread *r);

static void was_read(struct work *work)
{
    struct reread *r = (struct reread *)work;
    r->busy = false;
    r->files.took(r->files.data);
    if (r->closing)
        deadline_close(&r->timer, timer_closed);
    else if (r->again)
        start(r);
    else if (r->files.every_ms && !r->settles)
        deadline_set(&r->timer, r->files.every_ms);
}

static void start(struct reread *r)
{
    r->again = r->busy;
    if (r->busy)
        return;
    r->busy = true;
    work_start(r->loop, &r->work, read_again, was_read);
}

static void rang(struct deadline *timer)
{
    struct reread *r = timer->data;
    r->settles = false;
    start(r);
}

static void changed(void *data, const char *path)
{
    struct reread *r = data;
    (void)path;
    if (r->closing || r->settles)
        return;
    r->settles = true;
    deadline_set(&r->timer, r->files.settle_ms);
}

int reread_open(uv_loop_t *loop, const struct reread_files *files, struct reread **out, struct error *err)
{
    struct reread *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->files = *files;
    r->loop = loop;
    int rc = path_watch_open(loop, changed, r, &r->watch, err);
    if (rc) {
        free(r);
        return rc;
    }
    deadline_init(loop, &r->timer, rang, r);
    uv_unref((uv_handle_t *)&r->timer.timer);
    start(r);
    *out = r;
    return 0;
}

void reread_close(struct reread *r, void (*closed)(void *data), void *data)
{
    r->closing = true;
    r->closed = closed;
    r->data = data;
    if (!r->busy)
        deadline_close(&r->timer, timer_closed);
}
