/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: first, where wanted, the objects as they are; then every change of the log, in order, once. */
#include "sim/read/watch.h"

#include "sim/read/list.h"
#include "sim/read/selector.h"
#include "sim/read/table.h"
#include "sim/server/object.h"
#include "sim/server/status.h"
#include "sim/server/view.h"

#include <stdlib.h>
#include <string.h>

enum { BOOKMARK_MS = 60000, LAST_BOOKMARK_MS = 2000, TIMEOUT_MIN_MS = 1800000, AGAIN_MS = 50 };

struct sim_watch {
    struct sim_watch *next, **link;
    struct sim *sim;
    void *owner;
    struct exchange x; /* says what the events look like; its request and response are not used */
    char *ns, *version, *path;
    struct selector selector;
    uint64_t seen;               /* the log's last version that this watch has dealt with */
    bool listing;                /* still sending the objects as they were at `seen` */
    char *listed;                /* the key of the last one sent */
    bool bookmarks, initial_end; /* bookmarks are wanted; the one after the initial events is due */
    uint64_t not_before;         /* no events up to this version: the client asked for a later one than there is */
    int64_t ends_ms, bookmark_ms;
    bool last_bookmark, ended, silent, broken;
    struct buf parting; /* an ERROR event to send before the end */
};

static void link_watch(struct sim_watch *w)
{
    struct sim *sim = w->sim;
    w->next = sim->watches;
    w->link = &sim->watches;
    if (w->next)
        w->next->link = &w->next;
    sim->watches = w;
    sim->watch_count++;
}

void sim_watch_close(struct sim_watch *w)
{
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->sim->watch_count--;
    selector_clear(&w->selector);
    buf_free(&w->parting);
    free(w->listed);
    free(w->ns);
    free(w->version);
    free(w->path);
    free(w);
}

void sim_watch_owner(struct sim_watch *w, void *owner)
{
    w->owner = owner;
}

static void wake(struct sim_watch *w)
{
    if (w->sim->opt.wake && w->owner && !w->silent)
        w->sim->opt.wake(w->owner, w);
}

static bool concerns(const struct sim_watch *w, const struct revision *rev)
{
    const struct entry *e = rev->entry;
    size_t n = strlen(w->ns);
    if (e->kind != (uint8_t)w->x.res->kind || rev->version <= w->not_before)
        return false;
    return !n || (e->ns_len == n && memcmp(e->key, w->ns, n) == 0);
}

static bool selects(const struct sim_watch *w, const struct revision *rev)
{
    return rev && rev->event != EVENT_DELETED && selector_matches(&w->selector, rev);
}

void watch_notify(struct sim *sim, struct revision *rev)
{
    for (struct sim_watch *w = sim->watches; w; w = w->next)
        if (concerns(w, rev) && (selects(w, rev) || selects(w, rev->prev)))
            wake(w);
}

/* ---- events */

static void begin_event(struct buf *out, const char *type)
{
    buf_puts(out, "{\"type\":\"");
    buf_puts(out, type);
    buf_puts(out, "\",\"object\":");
}

static void write_object(struct sim_watch *w, struct revision *rev, struct buf *out)
{
    if (w->x.shape != SHAPE_TABLE) {
        view_revision(&w->x, rev, out, false);
        return;
    }
    table_head(&w->x, out, rev->version, NULL);
    table_row(&w->x, rev, out);
    buf_puts(out, "]}");
}

static void write_event(struct sim_watch *w, const char *type, struct revision *rev, struct buf *out)
{
    begin_event(out, type);
    write_object(w, rev, out);
    buf_puts(out, "}\n");
}

/* The object does not fit the selector any more. The event has its last state that did, under the version of the
 * change. */
static void write_departure(struct sim_watch *w, struct revision *rev, struct buf *out)
{
    struct buf text = BUF_INIT;
    struct marks marks;
    object_renumber(rev->prev, rev->version, &text, &marks);
    struct revision *ghost = sim_alloc(sizeof *ghost + text.len + 1);
    *ghost = (struct revision){.version = rev->version, .entry = rev->entry, .len = (uint32_t)text.len, .marks = marks};
    memcpy(ghost->text, text.ptr, text.len + 1);
    write_event(w, "DELETED", ghost, out);
    free(ghost);
    buf_free(&text);
}

static void write_change(struct sim_watch *w, struct revision *rev, struct buf *out)
{
    bool before = selects(w, rev->prev), now = selects(w, rev);
    if (before && now)
        write_event(w, "MODIFIED", rev, out);
    else if (now)
        write_event(w, "ADDED", rev, out);
    else if (before && rev->event == EVENT_DELETED)
        write_event(w, "DELETED", rev, out);
    else if (before)
        write_departure(w, rev, out);
}

static void write_bookmark(struct sim_watch *w, struct buf *out, bool initial_end)
{
    begin_event(out, "BOOKMARK");
    if (w->x.shape == SHAPE_PARTIAL)
        buf_puts(out, "{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",");
    else
        view_prefix(&w->x, out);
    buf_printf(out, "\"metadata\":{%s\"resourceVersion\":\"%llu\"}}}\n",
               initial_end ? "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}," : "",
               (unsigned long long)w->seen);
}

/* ---- reading */

static bool read_listing(struct sim_watch *w, struct buf *out, size_t most)
{
    struct store *s = &w->sim->store;
    struct shelf *shelf = &s->shelf[w->x.res->kind];
    size_t from, to;
    store_range(s, (int)w->x.res->kind, w->ns, &from, &to);
    if (w->listed) {
        size_t at = store_seek(s, (int)w->x.res->kind, w->listed);
        if (at < to && strcmp(shelf->entry[at]->key, w->listed) == 0)
            at++;
        from = at > from ? at : from;
    }
    for (size_t i = from; i < to; i++) {
        struct revision *rev = store_at(shelf->entry[i], w->seen);
        if (!selects(w, rev))
            continue;
        if (out->len >= most) {
            free(w->listed);
            w->listed = sim_strdup(shelf->entry[i - 1]->key);
            return false;
        }
        write_event(w, "ADDED", rev, out);
    }
    return true;
}

static void read_log(struct sim_watch *w, struct buf *out, size_t most)
{
    struct store *s = &w->sim->store;
    while (w->seen < s->version && out->len < most) {
        struct revision *rev = store_logged(s, ++w->seen);
        if (rev && concerns(w, rev))
            write_change(w, rev, out);
    }
}

static void read_bookmarks(struct sim_watch *w, struct buf *out)
{
    int64_t now = w->sim->mono_ms;
    if (!w->bookmarks || w->seen != w->sim->store.version)
        return;
    if (w->seen < w->not_before) /* it does not know that version yet, and has nothing to say of it */
        return;
    bool last = !w->last_bookmark && now >= w->ends_ms - LAST_BOOKMARK_MS;
    if (!last && now < w->bookmark_ms)
        return;
    w->last_bookmark |= last;
    w->bookmark_ms = now + BOOKMARK_MS;
    write_bookmark(w, out, false);
}

enum sim_watch_state sim_watch_read(struct sim_watch *w, struct buf *out, size_t most)
{
    size_t before = out->len;
    if (w->silent)
        return SIM_WATCH_QUIET;
    if (w->parting.len) {
        buf_add(out, w->parting.ptr, w->parting.len);
        buf_reset(&w->parting);
        w->ended = true;
        return w->broken ? SIM_WATCH_CUT : SIM_WATCH_DATA;
    }
    if (w->ended)
        return w->broken ? SIM_WATCH_CUT : SIM_WATCH_END;
    if (w->seen < w->sim->store.compacted) /* the reader is slower than the history is kept */
        return SIM_WATCH_END;
    if (w->listing)
        w->listing = !read_listing(w, out, most);
    if (!w->listing && w->initial_end) {
        write_bookmark(w, out, true);
        w->initial_end = false;
    }
    if (!w->listing)
        read_log(w, out, most);
    if (out->len == before)
        read_bookmarks(w, out);
    if (out->len > before)
        return SIM_WATCH_DATA;
    return w->sim->mono_ms >= w->ends_ms ? SIM_WATCH_END : SIM_WATCH_QUIET;
}

/* ---- time */

int64_t watch_tick(struct sim *sim)
{
    if (sim->mono_ms < sim->watches_due)
        return sim->watches_due;
    int64_t due = INT64_MAX;
    for (struct sim_watch *w = sim->watches; w; w = w->next) {
        int64_t at = w->ends_ms;
        if (w->bookmarks && w->bookmark_ms < at)
            at = w->bookmark_ms;
        if (w->bookmarks && !w->last_bookmark && w->ends_ms - LAST_BOOKMARK_MS < at)
            at = w->ends_ms - LAST_BOOKMARK_MS;
        if (at <= sim->mono_ms) {
            wake(w);
            at = sim->mono_ms + AGAIN_MS; /* the reader may not be ready */
        }
        if (at < due)
            due = at;
    }
    return sim->watches_due = due;
}

/* ---- faults */

void watch_strike(struct sim *sim, const char *how, const char *path)
{
    for (struct sim_watch *w = sim->watches; w; w = w->next) {
        if (path && *path && !str_glob(path, str_of(w->path)))
            continue;
        if (strcmp(how, "silent") == 0) {
            w->silent = true;
            continue;
        }
        if (strcmp(how, "gone") == 0) {
            begin_event(&w->parting, "ERROR");
            status_write(&w->parting, 410, "Expired", "too old resource version: 1 (2)", NULL, NULL, NULL);
            buf_puts(&w->parting, "}\n");
        } else if (strcmp(how, "error") == 0) {
            begin_event(&w->parting, "ERROR");
            status_write(&w->parting, 500, "InternalError", "etcdserver: no leader", NULL, NULL, NULL);
            buf_puts(&w->parting, "}\n");
        } else if (strcmp(how, "cut") == 0) {
            buf_puts(&w->parting, "{\"type\":\"MODIFIED\",\"object\":{\"apiVersion\":\"kubef");
            w->broken = true;
        } else {
            w->ended = true;
        }
        wake(w);
    }
}

/* ---- beginning */

static int read_start(struct exchange *x, struct sim_watch *w)
{
    struct store *s = &x->sim->store;
    const char *rv = param(x, "resourceVersion");
    uint64_t version = 0;
    w->seen = s->version;
    if (rv && *rv) {
        char *end;
        version = strtoull(rv, &end, 10);
        if (*end || *rv < '0' || *rv > '9')
            return fail_with(x, 500, NULL, NULL, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", rv);
    }
    bool initial = param_true(x, "sendInitialEvents");
    if (!version || initial) {
        w->listing = true;
        w->initial_end = w->bookmarks && (initial || (rv && strcmp(rv, "0") == 0));
        return 0;
    }
    if (version > s->version) {
        w->not_before = version;
        return 0;
    }
    w->seen = version;
    if (version >= s->compacted)
        return 0;
    w->seen = s->version;
    begin_event(&w->parting, "ERROR");
    char *message = sim_format("too old resource version: %llu (%llu)", (unsigned long long)version,
                               (unsigned long long)s->compacted);
    status_write(&w->parting, 410, "Expired", message, NULL, NULL, NULL);
    free(message);
    buf_puts(&w->parting, "}\n");
    return 0;
}

static int read_timeout(struct exchange *x, struct sim_watch *w)
{
    const char *text = param(x, "timeoutSeconds");
    int64_t ms = TIMEOUT_MIN_MS + (int64_t)(sim_random(x->sim) % TIMEOUT_MIN_MS);
    if (text && *text) {
        char *end;
        long long seconds = strtoll(text, &end, 10);
        if (*end)
            return fail_bad_request(x, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
        if (seconds > 0 && seconds < 100000000)
            ms = seconds * 1000;
    }
    w->ends_ms = x->sim->mono_ms + ms;
    w->bookmark_ms = x->sim->mono_ms + BOOKMARK_MS;
    return 0;
}

void verb_watch(struct exchange *x)
{
    struct selector s;
    if (list_options_check(x) || selector_read(x, &s))
        return;
    struct sim_watch *w = sim_alloc(sizeof *w);
    *w = (struct sim_watch){.sim = x->sim, .x = *x, .selector = s, .bookmarks = param_true(x, "allowWatchBookmarks")};
    w->ns = sim_strdup(x->ns);
    w->version = sim_strdup(x->version);
    w->path = sim_strndup(x->req->target, strcspn(x->req->target, "?"));
    link_watch(w);
    if (read_timeout(x, w) || read_start(x, w)) {
        sim_watch_close(w);
        return;
    }
    w->x.ns = w->ns;
    w->x.version = w->version;
    w->x.name = w->x.sub = "";
    w->x.req = NULL;
    w->x.resp = NULL;
    w->x.scratch = NULL;
    w->x.parameters = 0;
    w->x.pretty = false;     /* an event is a line */
    x->sim->watches_due = 0; /* look at all of them at the next tick */
    x->resp->status = 200;
    x->resp->watch = w;
}
