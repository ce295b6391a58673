/* SPDX-License-Identifier: Apache-2.0 */
/* Where notifications go: one at a time, and whether the last one arrived. */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "outside/outbox_parts.h"

#define FORGOTTEN_MS 3600000 /* after so long a destination says nothing that a new one would not */
#define WORKS_MS 60000       /* so long one that took a notification is believed to take the next */
#define PROBE_MS 300000      /* between two tries for the sake of a warning, where the last one was given up */

struct destination *destination_of(struct outbox *b, const struct buf *name)
{
    struct destination *d, *other;
    uint64_t now = uv_now(b->outside->loop);
    LL_FOREACH_SAFE(b->destinations, d, other)
    {
        if (str_eq(buf_str(&d->name), buf_str(name)))
            return d;
        if (!d->busy && d->free_at + FORGOTTEN_MS <= now) {
            LL_DELETE(b->destinations, d);
            buf_free(&d->name);
            error_keep(&d->trouble, NULL);
            free(d);
        }
    }
    d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    buf_add_str(&d->name, buf_str(name));
    d->free_at = now;
    LL_PREPEND(b->destinations, d);
    return d;
}

void destinations_free(struct outbox *b)
{
    struct destination *d, *after;
    LL_FOREACH_SAFE(b->destinations, d, after)
    {
        buf_free(&d->name);
        error_keep(&d->trouble, NULL);
        free(d);
    }
}

void destination_tried(struct destination *d, const struct post *p, const struct error *err)
{
    const struct outside *o = p->outbox->outside;
    const struct buf *sink = &p->notice.parts[PART_SINK];
    uint64_t now = uv_now(o->loop);
    snprintf(d->told, sizeof d->told, "%s%s", sink->len ? "sink " : "",
             sink->len ? sink->ptr : notice_type_name(p->notice.type));
    if (!err)
        d->took_at = now ? now : 1;
    else if (!d->trouble)
        d->since = clock_now(o->clock);
    if (err)
        d->probe_at = now + PROBE_MS;
    error_keep(&d->trouble, err);
}

void post_tried(struct post *p, const struct error *err)
{
    void (*tried)(void *, const struct error *) = p->tried;
    p->tried = NULL;
    if (tried)
        tried(p->tried_data, err);
}

bool outbox_leave(struct outside *o, const void *data)
{
    struct post *p;
    DL_FOREACH(o->outbox ? o->outbox->posts : NULL, p)
    {
        if (!p->tried || p->tried_data != data)
            continue;
        p->tried = NULL;
        return true;
    }
    return false;
}

bool destination_works(struct outbox *b, const struct buf *name)
{
    const struct destination *d = destination_of(b, name);
    return d && d->took_at && !d->trouble && uv_now(b->outside->loop) - d->took_at <= WORKS_MS;
}

static size_t waiting(const struct outbox *b, const struct buf *name)
{
    const struct post *p;
    size_t n = 0;
    DL_FOREACH(b->posts, p)
    {
        n += !p->gone && str_eq(buf_str(&p->destination), buf_str(name));
    }
    return n;
}

int destination_check(struct outbox *b, const struct buf *name, struct error *err)
{
    const struct destination *d = destination_of(b, name);
    if (!d || !d->trouble || (!waiting(b, name) && uv_now(b->outside->loop) >= d->probe_at))
        return 0;
    return error_set(err, ERR_UNREACHABLE, "%s did not take the last notification (%s), and is tried again later",
                     d->told, d->trouble->message);
}

void outbox_each_trouble(const struct outside *o,
                         void (*visit)(void *data, const char *sink, int64_t since, const char *why, size_t waiting),
                         void *data)
{
    const struct destination *d;
    LL_FOREACH(o && o->outbox ? o->outbox->destinations : NULL, d)
    {
        if (d->trouble)
            visit(data, d->told, d->since, d->trouble->message, waiting(o->outbox, &d->name));
    }
}
