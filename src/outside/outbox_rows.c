/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox in the state file: a row for each notification, written while it waits, and read at the start. */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "outside/outbox_parts.h"
#include "store/kept.h"

#define SPACE "outbox"

struct written_by {
    struct post *post;
    void (*done)(void *data, const struct error *err);
    void *data;
    struct defer soon;
};

void post_free(struct post *p)
{
    notice_free(&p->notice);
    notice_free(&p->whole);
    buf_free(&p->destination);
    error_keep(&p->err, NULL);
    free(p);
}

void post_settle(struct post *p)
{
    if (!p->gone || p->writing || p->sending)
        return;
    struct outbox *b = p->outbox;
    DL_DELETE(b->posts, p);
    b->count--;
    post_free(p);
    if (!b->stopped)
        outbox_look(b);
}

static void written(void *data, int64_t id, const struct error *err)
{
    struct written_by *w = data;
    struct post *p = w->post;
    struct outside *o = p->outbox->outside;
    (void)id;
    p->writing--;
    if (err && !p->gone)
        outbox_tell(p, LOG_ERROR, "a notification is not in the state file, and a crash would lose it", err);
    if (w->done)
        w->done(w->data, err);
    post_settle(p);
    free(w);
    outside_was_closed(o);
}

static void in_memory(struct defer *d)
{
    written(d->data, 0, NULL);
}

int post_write(struct post *p, bool remove, void (*done)(void *, const struct error *), void *data, struct error *err)
{
    struct outside *o = p->outbox->outside;
    struct written_by *w = calloc(1, sizeof *w);
    struct buf row = BUF_INIT;
    if (!remove)
        notice_write(&p->notice, &row);
    if (!w || row.failed) {
        free(w);
        buf_free(&row);
        return error_nomem(err);
    }
    *w = (struct written_by){.post = p, .done = done, .data = data, .soon = {.call = in_memory, .data = w}};
    p->writing++;
    outside_opened(o);
    struct store_kept kept = {.space = SPACE, .key = p->key, .value = row.ptr};
    if (o->config.store)
        store_keep(o->config.store, &kept, written, w);
    else
        defer_call(o->soon, &w->soon);
    buf_free(&row);
    return 0;
}

void outbox_forget(struct post *p)
{
    p->gone = true;
    if (post_write(p, true, NULL, NULL, NULL))
        post_settle(p); /* it will be sent once more after a restart */
}

/* ---- reading ---- */

struct reading_posts {
    struct work work;
    struct outbox *outbox;
    struct post *posts;
    struct error err;
};

static bool take_row(void *data, const struct store_kept *row)
{
    struct reading_posts *r = data;
    struct post *p = calloc(1, sizeof *p);
    if (!p)
        return false;
    p->outbox = r->outbox;
    snprintf(p->key, sizeof p->key, "%s", row->key);
    if (notice_read(str_of(row->value), &p->notice, &r->err)) {
        free(p);
        return true;
    }
    notice_destination(&p->notice, &p->destination);
    DL_APPEND(r->posts, p);
    return true;
}

static void on_thread(struct work *work)
{
    struct reading_posts *r = (struct reading_posts *)((char *)work - offsetof(struct reading_posts, work));
    store_read_kept(r->outbox->outside->config.store, SPACE, take_row, r, &r->err);
}

static void was_read(struct work *work)
{
    struct reading_posts *r = (struct reading_posts *)((char *)work - offsetof(struct reading_posts, work));
    struct outbox *b = r->outbox;
    struct outside *o = b->outside;
    struct post *p, *next;
    if (r->err.code)
        log_event(o->log, LOG_ERROR, "notifications of an earlier daemon cannot be read",
                  LOG_FIELDS({"reason", r->err.message}));
    DL_FOREACH_SAFE(r->posts, p, next)
    {
        DL_DELETE(r->posts, p);
        DL_APPEND(b->posts, p);
        b->count++;
    }
    b->reading = NULL;
    free(r);
    outbox_look(b);
    outside_was_closed(o);
}

void outbox_read(struct outbox *b)
{
    struct outside *o = b->outside;
    b->reading = o->config.store ? calloc(1, sizeof *b->reading) : NULL;
    if (!b->reading)
        return;
    b->reading->outbox = b;
    outside_opened(o);
    work_start(o->loop, &b->reading->work, on_thread, was_read);
}
