/* SPDX-License-Identifier: Apache-2.0 */
/* The notifications that wait: made, kept, ordered, forgotten. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/backoff.h"
#include "outside/outbox_parts.h"
#include "store/journal.h"

#define EVERY_MS 1000 /* between two messages to one destination */
#define DRAIN_TRIES 3 /* what fails so often keeps no command from its end */

static const struct backoff retry_pause = {.first_ms = 1000, .most_ms = 300000}; /* after a try that failed */

/* ---- what is due ---- */

static bool waits(const struct post *p)
{
    return !p->gone && !p->held;
}

static void drained(struct outbox *b)
{
    const struct post *p;
    bool over = uv_now(b->outside->loop) >= b->drain_until;
    DL_FOREACH(b->posts, p)
    {
        if (waits(p) && p->tries < DRAIN_TRIES && !over)
            return;
    }
    if (b->reading && !over)
        return;
    void (*call)(void *) = b->drained;
    b->drained = NULL;
    call(b->drained_data);
}

void outbox_look(struct outbox *b)
{
    struct post *p, *next;
    uint64_t now = uv_now(b->outside->loop), first = b->drained ? b->drain_until : UINT64_MAX;
    if (b->stopped)
        return;
    DL_FOREACH_SAFE(b->posts, p, next)
    {
        if (!waits(p) || p->sending)
            continue;
        struct destination *d = destination_of(b, &p->destination);
        uint64_t due = !d                    ? now + retry_pause.first_ms
                       : d->busy             ? UINT64_MAX
                       : p->due > d->free_at ? p->due
                                             : d->free_at;
        if (due <= now) {
            d->busy = true;
            p->sending = true;
            deliver(p);
        } else if (due < first) {
            first = due;
        }
    }
    if (first != UINT64_MAX)
        deadline_set(&b->timer, first > now ? first - now : 0);
    if (b->drained)
        drained(b);
}

static void on_ring(struct deadline *timer)
{
    outbox_look(timer->data);
}

static void count(const struct post *p, const char *outcome)
{
    metric_add(p->outbox->counted, 1, METRIC_VALUES(notice_type_name(p->notice.type), outcome));
}

void outbox_tell(const struct post *p, enum log_level level, const char *message, const struct error *err)
{
    const struct buf *parts = p->notice.parts;
    const char *cluster = parts[PART_CLUSTER].ptr;
    bool only = cluster && strcmp(cluster, STORE_CLUSTER_DEFAULT) == 0;
    char run[24];
    int64_t number = p->notice.run ? p->notice.run : p->notice.about;
    snprintf(run, sizeof run, "%" PRId64, number);
    log_event(p->outbox->outside->log, level, message,
              LOG_FIELDS({"policy", parts[PART_POLICY].ptr}, {"cluster", only ? NULL : cluster},
                         LOG_QUIET_FIELD("cluster", only ? cluster : NULL), {"type", notice_type_name(p->notice.type)},
                         {"sink", parts[PART_SINK].ptr}, {"reason", err->message},
                         LOG_JSON_FIELD("run", number ? run : NULL)));
}

void deliver_done(struct post *p, const struct error *err, bool again, int64_t after_ms)
{
    struct outbox *b = p->outbox;
    struct destination *d = destination_of(b, &p->destination);
    uint64_t now = uv_now(b->outside->loop), wait = backoff_ms(&retry_pause, p->tries + 1, NULL);
    int64_t patience = p->notice.patience, most = patience ? patience : OUTBOX_GIVE_UP_US;
    bool tried_again = err && again && !b->stopped && clock_now(b->outside->clock) - p->notice.created <= most;
    p->sending = false;
    notice_free(&p->whole);
    wait = after_ms > (int64_t)wait ? (uint64_t)after_ms : wait;
    wait = wait < retry_pause.most_ms ? wait : retry_pause.most_ms;
    if (!tried_again || !patience)
        post_tried(p, err);
    if (d) {
        destination_tried(d, p, err);
        d->busy = false;
        d->free_at = now + (err && again ? wait : b->outside->config.stand_in ? 0 : EVERY_MS);
    }
    if (b->stopped) {
        post_settle(p);
        return;
    }
    if (tried_again) {
        count(p, "tried-again");
        outbox_tell(p, p->tries ? LOG_DEBUG : LOG_WARN, "a notification was not delivered, and is tried again", err);
        p->tries++;
        p->due = now + wait;
    } else {
        count(p, err ? "given-up" : "delivered");
        if (err)
            outbox_tell(p, LOG_ERROR, "a notification is given up", err);
        outbox_forget(p);
    }
    outbox_look(b);
}

/* ---- what comes in ---- */

static const struct outbox_sink *sink_of(const struct outside *o, const char *name)
{
    for (size_t i = 0; i < o->config.sink_count; i++) {
        if (strcmp(o->config.sinks[i].name, name) == 0)
            return &o->config.sinks[i];
    }
    return NULL;
}

static int check(const struct outside *o, struct notice *n, struct error *err)
{
    struct notice whole = {.type = n->type};
    const struct outbox_sink *sink = NULL;
    if (n->parts[PART_SINK].len) {
        sink = sink_of(o, n->parts[PART_SINK].ptr);
        if (!sink && !o->config.stand_in) /* a test has sinks of any name */
            return error_set(err, ERR_NOT_FOUND, "the configuration has no sink \"%.64s\" under `notify`",
                             n->parts[PART_SINK].ptr);
        n->type = whole.type = sink ? sink->notice.type : n->type;
        for (int i = 0; i <= PART_PASSWORD; i++) { /* else a policy would send to where it likes in the sink's name */
            if (n->parts[i].len)
                return error_set(err, ERR_INVALID, "%s is the sink's; leave it out, or leave sink out",
                                 notice_part_name((enum notice_part)i));
        }
    }
    int rc = notice_fill(&whole, n, err);
    for (int i = PART_TEXT; i <= PART_BODY && !rc; i++)
        buf_add_str(&whole.parts[i], buf_str(&n->parts[i]));
    if (!rc && sink)
        rc = notice_fill(&whole, &sink->notice, err);
    if (!rc && (sink || !n->parts[PART_SINK].len))
        rc = notice_check(&whole, err);
    notice_free(&whole);
    return rc;
}

static struct post *new_post(struct outbox *b)
{
    struct post *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->outbox = b;
    snprintf(p->key, sizeof p->key, "%016" PRIx64 "-%08" PRIx64, (uint64_t)clock_now(b->outside->clock),
             b->numbers++ & 0xffffffff);
    return p;
}

static bool groups(enum notice_type type)
{
    return type != NOTICE_WEBHOOK;
}

/* The message of the same run that the text joins; NULL: none that has room. */
static struct post *joined(struct outbox *b, const struct notice *n, const struct buf *destination)
{
    struct post *p;
    size_t len = n->parts[PART_TEXT].len;
    DL_FOREACH(b->posts, p)
    {
        if (p->held && !p->gone && groups(n->type) && p->notice.run == n->run &&
            str_eq(buf_str(&p->destination), buf_str(destination)) &&
            str_eq(buf_str(&p->notice.parts[PART_SUBJECT]), buf_str(&n->parts[PART_SUBJECT])) &&
            p->notice.parts[PART_TEXT].len + len + 1 <= notice_text_max(n->type))
            return p;
    }
    return NULL;
}

static int room(const struct outbox *b, const struct notice *n, struct error *err)
{
    const struct post *p;
    size_t of_policy = 0;
    DL_FOREACH(b->posts, p)
    {
        of_policy += str_eq(buf_str(&p->notice.parts[PART_POLICY]), buf_str(&n->parts[PART_POLICY]));
    }
    if (of_policy >= OUTBOX_POLICY_MAX)
        return error_set(err, ERR_LIMIT, "%d notifications of this policy wait to be delivered already",
                         OUTBOX_POLICY_MAX);
    if (b->count >= OUTBOX_MAX)
        return error_set(err, ERR_LIMIT, "%d notifications wait to be delivered already", OUTBOX_MAX);
    return 0;
}

int outbox_add(struct outside *o, struct notice *n, void (*done)(void *, const struct error *), void *data,
               struct error *err)
{
    struct outbox *b = o->outbox;
    struct buf destination = BUF_INIT;
    int rc = check(o, n, err);
    if (rc)
        return rc;
    if (!b || b->stopped)
        return error_set(err, ERR_CANCELLED, b ? "the program is ending" : "nothing is sent by this command");
    notice_destination(n, &destination);
    bool surely = n->surely && !destination_works(b, &destination);
    rc = surely ? destination_check(b, &destination, err) : 0;
    struct post *p = rc || surely ? NULL : joined(b, n, &destination);
    if (p) {
        buf_putc(&p->notice.parts[PART_TEXT], '\n');
        buf_add_str(&p->notice.parts[PART_TEXT], buf_str(&n->parts[PART_TEXT]));
        buf_free(&destination);
        rc = post_write(p, false, done, data, err);
        if (!rc)
            notice_free(n);
        return rc;
    }
    rc = rc ? rc : room(b, n, err);
    p = rc ? NULL : new_post(b);
    if (!p) {
        buf_free(&destination);
        return rc ? rc : error_nomem(err);
    }
    p->notice = *n;
    p->destination = destination;
    p->held = groups(n->type) && n->run > 0 && !surely;
    p->tried = surely ? done : NULL;
    p->tried_data = data;
    p->due = uv_now(o->loop);
    rc = destination.failed ? error_nomem(err) : post_write(p, false, surely ? NULL : done, data, err);
    if (rc) {
        p->notice = (struct notice){0}; /* still the caller's */
        post_free(p);
        return rc;
    }
    *n = (struct notice){0};
    DL_APPEND(b->posts, p);
    b->count++;
    outbox_look(b);
    return 0;
}

void outbox_run_ended(struct outside *o, int64_t run)
{
    struct post *p;
    if (!o || !o->outbox)
        return;
    DL_FOREACH(o->outbox->posts, p)
    {
        if (p->notice.run == run)
            p->held = false;
    }
    outbox_look(o->outbox);
}

/* ---- its life ---- */

void outbox_start(struct outside *o)
{
    static const char *const labels[] = {"type", "outcome", NULL};
    struct outbox *b = calloc(1, sizeof *b);
    if (!b)
        return;
    b->outside = o;
    b->counted = metrics_counter(o->metrics, "notifications", NULL, "Deliveries of notifications.", labels);
    deadline_init(o->loop, &b->timer, on_ring, b);
    outside_opened(o);
    o->outbox = b;
    outbox_read(b);
}

void outbox_drain(struct outside *o, uint64_t ms, void (*done)(void *data), void *data)
{
    struct outbox *b = o->outbox;
    b->drained = done;
    b->drained_data = data;
    b->drain_until = uv_now(o->loop) + ms;
    outbox_look(b);
}

static void timer_closed(struct deadline *timer)
{
    outside_was_closed(((struct outbox *)timer->data)->outside);
}

void outbox_stop(struct outside *o)
{
    struct outbox *b = o->outbox;
    struct post *p;
    if (!b)
        return;
    b->stopped = true;
    DL_FOREACH(b->posts, p)
    {
        deliver_stop(p);
    }
    deadline_close(&b->timer, timer_closed);
}

void outbox_free(struct outside *o)
{
    struct outbox *b = o->outbox;
    struct post *p, *next;
    if (!b)
        return;
    DL_FOREACH_SAFE(b->posts, p, next)
    {
        post_free(p);
    }
    destinations_free(b);
    free(b);
}
