/* SPDX-License-Identifier: Apache-2.0 */
/* What waits to be written as events: taken in, sent a few at a time, and over when the site is. */
#include "events/events.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/texts.h"
#include "cluster/cluster.h"
#include "events/events_parts.h"
#include "mpijob/kind.h"

#define AT_ONCE 2          /* requests under way: the connections are for changes */
#define AT_ONCE_FLUSHING 8 /* nothing else uses them then */

uint64_t events_now(const struct events *e)
{
    return e->site->one_clock ? (uint64_t)clock_now(e->site->clock) / 1000 : uv_now(e->site->loop);
}

void events_count(struct events *e, const char *outcome)
{
    metric_add(e->counted, 1, METRIC_VALUES(outcome));
}

void events_say(const struct events *e, const char *message, const char *name_space, const char *reason)
{
    log_event(e->site->log, e->by ? LOG_DEBUG : LOG_WARN, message,
              LOG_FIELDS(SITE_LOG_CLUSTER(e->site), {"namespace", name_space}, {"reason", reason}));
}

/* ---- sending ---- */

void events_soon(struct events *e)
{
    defer_call(e->site->soon, &e->turn);
}

/* One whose like is under way waits for that, so that it is counted up and not made twice. */
static struct posted *next_waiting(struct events *e)
{
    struct posted *p;
    DL_FOREACH(e->list, p)
    {
        const struct known_event *k = p->waits ? event_known_find(e, p->key) : NULL;
        if (p->waits && !(k && k->under_way))
            return p;
    }
    return NULL;
}

/* Everything that waits is dropped, and what is under way is given up. */
static void drop_all(struct events *e)
{
    struct posted *p, *next;
    e->over = true;
    if (e->list)
        events_say(e, "the program ends before all Events are written; kubectl describe lacks them", NULL, NULL);
    DL_FOREACH_SAFE(e->list, p, next)
    {
        if (!p->waits) {
            kube_cancel(p->request);
        } else {
            events_count(e, "dropped");
            posted_free(p);
        }
    }
}

/* When the next look makes sense: milliseconds from now; 0: now. */
static uint64_t pause_of(struct events *e)
{
    uint64_t wait = 0, now = uv_now(e->site->loop);
    if (!e->flushing && e->pause_until > now)
        return e->pause_until - now;
    return event_daemon_may(e, &wait) ? 0 : wait;
}

static void send_what_may(struct events *e)
{
    uint64_t now = uv_now(e->site->loop), first = e->flushing ? e->flush_until - now : 0, wait = 0;
    size_t at_once = e->flushing ? AT_ONCE_FLUSHING : AT_ONCE;
    struct posted *p;
    while (e->under_way < at_once && (p = next_waiting(e)) && !(wait = pause_of(e)))
        event_send(p);
    if (wait && (!first || wait < first))
        first = wait;
    if (first && e->list)
        deadline_set(&e->timer, first);
}

static void look(struct events *e)
{
    if (!e->open || e->closing || e->over)
        return;
    if (e->flushing && uv_now(e->site->loop) >= e->flush_until)
        drop_all(e);
    else
        send_what_may(e);
}

static void turn(struct defer *d)
{
    look(d->data);
}

static void rang(struct deadline *d)
{
    look(d->data);
}

/* ---- open and closed ---- */

static void open_up(struct events *e)
{
    e->open = true;
    deadline_init(e->site->loop, &e->timer, rang, e);
    site_opened(e->site);
}

static void timer_closed(struct deadline *d)
{
    struct events *e = d->data;
    e->open = e->closing = false;
    if (e->list) { /* some came meanwhile */
        open_up(e);
        events_soon(e);
    }
    site_closed(e->site);
}

void posted_free(struct posted *p)
{
    struct events *e = p->events;
    struct known_event *k = event_known_find(e, p->key);
    if (k && k->waits == p)
        k->waits = NULL;
    DL_DELETE(e->list, p);
    e->waiting -= p->waits;
    void (*done)(void *, bool) = p->done;
    void *data = p->data;
    bool was_written = p->written;
    free(p->texts);
    free(p->text);
    free(p);
    if (!e->list && !e->closing) {
        e->closing = true;
        deadline_close(&e->timer, timer_closed);
    }
    if (done)
        done(data, was_written);
}

/* ---- taking in ---- */

static char *message(struct str text)
{
    struct buf out = BUF_INIT;
    event_text_add(&out, text, EVENTS_TEXT_MAX);
    return out.failed || !out.len ? (buf_free(&out), str_dup(str_of(""))) : buf_take(&out, NULL);
}

/* A view's api version is not there for items of a list. */
static void version_of(const struct events *e, const struct mpijob_view *job, char out[128])
{
    const struct kube_resource *r = cluster_resource(e->site->cluster, job->target.kind);
    if (job->api_version.len)
        snprintf(out, 128, "%.*s", (int)job->api_version.len, job->api_version.ptr);
    else
        snprintf(out, 128, "%s/%s", r->group, r->version);
}

static const char *cut(struct str text, char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)text.len, text.len ? text.ptr : "");
    return out;
}

static struct posted *new_posted(struct events *e, const struct event *event)
{
    char version[128], space[64], name[256], uid[128], resource_version[64], reason[EVENTS_REASON_MAX + 1];
    struct posted *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    version_of(e, event->job, version);
    p->events = e;
    p->warning = event->warning;
    p->texts = TEXTS_COPY({&p->api_version, version}, {&p->kind, mpijob_kind_info(event->job->target.kind)->name},
                          {&p->name_space, cut(event->job->name_space, space, sizeof space)},
                          {&p->name, cut(event->job->name, name, sizeof name)},
                          {&p->uid, cut(event->job->uid, uid, sizeof uid)},
                          {&p->resource_version, cut(event->job->resource_version, resource_version, 64)},
                          {&p->reason, cut(str_of(event->reason), reason, sizeof reason)});
    p->text = message(event->text);
    if (p->texts && p->text)
        return p;
    free(p->texts);
    free(p->text);
    free(p);
    return NULL;
}

static bool lose(struct events *e, const char *outcome)
{
    events_count(e, outcome);
    return false;
}

static bool full(struct events *e)
{
    if (e->waiting < EVENTS_WAITING_MAX)
        return false;
    if (!e->told_full)
        events_say(e,
                   "more Events wait to be written than are kept; until they are fewer, new ones are dropped "
                   "(mpijobd_events_total counts them)",
                   NULL, NULL);
    e->told_full = true;
    return true;
}

/* The one that waits tells it, too. */
static bool join(struct known_event *k, const struct event *event)
{
    char *text = message(event->text);
    if (text) {
        free(k->waits->text);
        k->waits->text = text;
    }
    k->waits->count = k->count;
    k->waits->last = k->last;
    return true;
}

bool events_add(struct events *e, const struct event *event)
{
    char space[64];
    if (!e)
        return false;
    if (e->over || event_place_closed(e, cut(event->job->name_space, space, sizeof space)))
        return lose(e, e->over ? "dropped" : "forbidden");
    struct known_event *k = event_known(e, event_key(event));
    if (!k)
        return lose(e, "dropped");
    k->count++;
    if (k->waits)
        return !event->done && join(k, event);
    if (!event_job_may(e, event->job->uid))
        return lose(e, "limited");
    struct posted *p = full(e) ? NULL : new_posted(e, event);
    if (!p)
        return lose(e, "dropped");
    p->key = k->key;
    p->first = k->first;
    p->last = k->last;
    p->count = k->count;
    p->waits = true;
    p->done = event->done;
    p->data = event->data;
    k->waits = p;
    DL_APPEND(e->list, p);
    e->waiting++;
    if (!e->open)
        open_up(e);
    events_soon(e);
    return true;
}

/* ---- its life ---- */

struct events *events_new(struct site *site, const char *by, struct metrics *metrics)
{
    static const char *const labels[] = {"outcome", NULL};
    static const char *const outcomes[] = {"created",   "counted", "limited", "dropped",
                                           "forbidden", "refused", "failed"};
    struct events *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    *e = (struct events){.site = site, .by = by ? str_dup(str_of(by)) : NULL, .tokens = EVENTS_BURST};
    e->turn = (struct defer){.call = turn, .data = e};
    e->counted = metrics_counter(metrics, "events", NULL, "Kubernetes Events on jobs, by what became of them.", labels);
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        metric_add(e->counted, 0, METRIC_VALUES(outcomes[i]));
    return e;
}

const char *events_by(const struct events *e)
{
    return e ? e->by : NULL;
}

void events_flush(struct events *e, uint64_t ms)
{
    if (!e)
        return;
    e->flushing = true;
    e->flush_until = uv_now(e->site->loop) + ms;
    if (e->open)
        events_soon(e);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    defer_cancel(&e->turn);
    event_known_free(e);
    free(e->by);
    free(e);
}
