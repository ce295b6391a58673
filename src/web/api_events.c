/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events. Every event goes into a ring with a number; a client is a place in it. So nothing is kept for one
 * that reads slowly, and one that comes again with its last id goes on where it was; what it has missed beyond the ring
 * it is told as a gap. */
#include "web/api_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "store/store.h"
#include "web/api_parts.h"

#define STREAMS_MOST 16
#define TICK_MS 1000  /* how often it is looked what is otherwise */
#define BEAT_TICKS 15 /* of silence, until a comment is sent: so that it is seen who has gone */
#define RETRY_MS 2000 /* after which a client that was cut off comes again */

struct stream {
    struct events *events;
    struct admin_request *request;
    uint64_t at; /* number of the next event */
    bool begun, gap;
    unsigned silent; /* ticks */
    struct stream *prev, *next;
};

/* ---- what is sent ---- */

static void write_id(const struct events *e, uint64_t number, struct buf *out)
{
    buf_printf(out, "id: %" PRId64 "-%" PRIu64 "\n", e->since, number);
}

/* It has its id, so that who comes again goes on from here. */
static void write_state(const struct stream *s, const char *event, struct buf *out)
{
    write_id(s->events, s->at - 1, out);
    buf_printf(out, "event: %s\ndata: {}\n\n", event);
}

static bool more(void *data, struct buf *out)
{
    struct stream *s = data;
    const struct events *e = s->events;
    if (e->stopped)
        return false;
    if (s->at < e->ring.first) {
        s->at = e->ring.first;
        s->gap = true;
    }
    if (!s->begun) {
        buf_printf(out, "retry: %d\n", RETRY_MS);
        if (!s->gap)
            write_state(s, "ready", out);
    }
    if (s->gap)
        write_state(s, "gap", out);
    s->begun = true;
    s->gap = false;
    for (; s->at < event_ring_next(&e->ring) && out->len < ADMIN_PIECE_MAX / 2; s->at++) {
        write_id(e, s->at, out);
        buf_puts(out, event_ring_at(&e->ring, s->at));
    }
    if (!out->len && s->silent >= BEAT_TICKS)
        buf_puts(out, ":\n\n");
    s->silent = out->len ? 0 : s->silent;
    return true;
}

static void wake_all(struct events *e)
{
    struct stream *s, *next;
    DL_FOREACH_SAFE(e->streams, s, next)
    {
        admin_stream_wake(s->request);
    }
}

/* ---- what happens ---- */

static void add(struct events *e, struct buf *text)
{
    if (text->len && !text->failed)
        event_ring_add(&e->ring, buf_str(text));
    buf_free(text);
    wake_all(e);
}

static void written(void *data, const struct store_written *what)
{
    struct buf text = BUF_INIT;
    event_of_written(what, &text);
    add(data, &text);
}

static void look(struct events *e)
{
    struct buf text = BUF_INIT;
    struct event_sums was = e->sums, now = e->store ? event_sums_now(e->engine) : was;
    e->sums = now;
    if (now.policies != was.policies) {
        event_of_policies(e->engine, &text);
        add(e, &text);
    }
    if (now.parts != was.parts) {
        event_of_parts(e->engine, &text);
        add(e, &text);
    }
}

static void tick(struct deadline *timer)
{
    struct events *e = timer->data;
    struct stream *s;
    look(e);
    DL_FOREACH(e->streams, s)
    {
        if (++s->silent >= BEAT_TICKS)
            admin_stream_wake(s->request);
    }
    if (e->streams)
        deadline_set(timer, TICK_MS);
}

/* ---- a client ---- */

static void gone(void *data, struct admin_request *request)
{
    struct stream *s = data;
    (void)request;
    DL_DELETE(s->events->streams, s);
    s->events->count--;
    free(s);
}

/* Where it goes on: behind the event that it has seen last. What is of an earlier daemon, or makes no sense, is a gap:
 * it has missed something, and nobody knows what. */
static void place(struct stream *s, const char *last)
{
    const struct events *e = s->events;
    char *rest = NULL;
    s->at = event_ring_next(&e->ring);
    if (!last || !*last)
        return;
    int64_t since = strtoll(last, &rest, 10);
    bool ours = since == e->since && rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9';
    uint64_t number = ours ? strtoull(rest + 1, &rest, 10) : 0;
    s->gap = !ours || *rest || number >= s->at;
    if (!s->gap)
        s->at = number + 1;
}

static void get_events(void *data, struct admin_request *r)
{
    struct web *web = data;
    struct events *e = &web->events;
    struct error err;
    if (!web_serves(web, r))
        return;
    struct stream *s = e->count < STREAMS_MOST ? calloc(1, sizeof *s) : NULL;
    if (!s) {
        if (e->count < STREAMS_MOST)
            error_nomem(&err);
        else
            error_set(&err, ERR_LIMIT, "%d clients hear the events already; close another page, or ask again later",
                      STREAMS_MOST);
        web_fail(r, &err);
        return;
    }
    *s = (struct stream){.events = e, .request = r};
    place(s, admin_request_header(r, "Last-Event-ID"));
    look(e); /* what has become otherwise while nobody listened */
    DL_APPEND(e->streams, s);
    e->count++;
    deadline_set(&e->timer, TICK_MS);
    admin_stream(r, "text/event-stream", &(struct admin_source){more, gone, s});
}

const struct admin_route event_routes[] = {
    {"GET", "/api/v1/events", ADMIN_READER, get_events},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};

/* ---- life ---- */

void events_serve(struct events *e, const struct web_serving *serving)
{
    if (!serving->store)
        return;
    e->engine = serving->engine;
    e->store = serving->store;
    e->since = clock_now(NULL) / 1000; /* the machine's, also where a test moves ours */
    e->sums = event_sums_now(e->engine);
    store_watch(e->store, written, e);
}

void events_stop(struct events *e)
{
    if (e->store)
        store_watch(e->store, NULL, NULL);
    e->store = NULL;
    e->stopped = true;
    deadline_stop(&e->timer);
    wake_all(e);
}

void events_open(struct events *e, uv_loop_t *loop)
{
    deadline_init(loop, &e->timer, tick, e);
    uv_unref((uv_handle_t *)&e->timer.timer);
}

void events_close(struct events *e, void (*closed)(struct deadline *timer))
{
    event_ring_free(&e->ring);
    deadline_close(&e->timer, closed);
}
