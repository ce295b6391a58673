/* SPDX-License-Identifier: Apache-2.0 */
/* One event on its way, and what the server says to it. A try that is repeated has the same name, so that an event
 * whose answer was lost is not written twice. */
#include <string.h>

#include "base/backoff.h"
#include "cluster/cluster.h"
#include "events/events_parts.h"

#define TRIES 5
#define TIMEOUT_MS 15000

static const struct backoff retry_pause = {.first_ms = 1000, .most_ms = 60000};

static void over(struct posted *p, const char *outcome)
{
    events_count(p->events, outcome);
    posted_free(p);
}

/* Said once, and again only after one was written. */
static void say(struct events *e, bool *told, const char *message, const char *reason)
{
    if (!*told)
        events_say(e, message, NULL, reason);
    *told = true;
}

static void forbidden(struct posted *p, const struct error *err)
{
    struct events *e = p->events;
    bool first, right = strstr(err->message, "\" cannot ") != NULL; /* not a quota, a policy of admission... */
    event_place_close(e, p->name_space, &first);
    if (first)
        events_say(e,
                   right ? "no Events may be written here, so kubectl describe does not show what is changed: allow "
                           "create and patch on events (`mpijobd rbac` prints the role), or set `events: false` in "
                           "mpijobd.yaml"
                         : "no Events can be written here, so kubectl describe does not show what is changed",
                   p->name_space, err->message);
    over(p, "forbidden");
}

static void written(struct posted *p)
{
    struct events *e = p->events;
    struct known_event *k = event_known_find(e, p->key);
    e->failures = 0;
    e->told_failed = e->told_refused = false;
    e->told_full = e->told_full && e->waiting > EVENTS_WAITING_MAX / 2;
    if (k)
        k->stamp = p->stamp;
    p->written = true;
    over(p, p->creates ? "created" : "counted");
}

/* Back to those that wait, at their head. */
static void again(struct posted *p)
{
    struct events *e = p->events;
    struct known_event *k = event_known_find(e, p->key);
    p->waits = true;
    e->waiting++;
    if (k && !k->waits)
        k->waits = p;
}

static void try_later(struct posted *p, const struct error *err)
{
    struct events *e = p->events;
    e->failures++;
    if (!e->site->one_clock)
        e->pause_until = uv_now(e->site->loop) + backoff_ms(&retry_pause, e->failures, NULL);
    if (++p->tries < TRIES && !e->flushing) {
        again(p);
        return;
    }
    say(e, &e->told_failed, "an Event on a job could not be written", err->message);
    over(p, "failed");
}

/* The event that was to be counted up is gone: servers keep them for an hour. */
static void begin_anew(struct posted *p)
{
    struct known_event *k = event_known_find(p->events, p->key);
    if (k)
        k->stamp = 0;
    p->stamp = 0;
    p->tries = 0;
    again(p);
}

static void failed(struct posted *p, const struct error *err, bool lost)
{
    struct events *e = p->events;
    if (err->code == ERR_CANCELLED) {
        over(p, "dropped");
    } else if (p->creates && err->status == 409 && p->tries) { /* an earlier try had come through */
        written(p);
    } else if (!p->creates && err->status == 404) {
        begin_anew(p);
    } else if (err->status == 403 && !strstr(err->message, "being terminated")) {
        forbidden(p, err);
    } else if (lost || err->retryable || err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT) {
        try_later(p, err);
    } else {
        if (err->status != 403 && err->status != 404) /* else the namespace is on its way out */
            say(e, &e->told_refused, "the server refuses an Event on a job", err->message);
        over(p, "refused");
    }
}

static void done(void *data, struct kube_request *request, const struct kube_answer *answer, const struct error *err,
                 bool lost)
{
    struct posted *p = data;
    struct events *e = p->events;
    struct known_event *k = event_known_find(e, p->key);
    (void)request;
    (void)answer;
    e->under_way--;
    if (k)
        k->under_way = false;
    if (err && e->over)
        over(p, "dropped");
    else if (err)
        failed(p, err, lost);
    else
        written(p);
    events_soon(e); /* the next one */
}

/* The name's instant: never the same twice. */
static int64_t new_stamp(struct events *e)
{
    int64_t now = clock_now(e->site->clock) * 1000;
    e->stamp = now > e->stamp ? now : e->stamp + 1;
    return e->stamp;
}

void event_send(struct posted *p)
{
    static const struct kube_resource events = {"", "v1", "events"};
    struct events *e = p->events;
    struct known_event *k = event_known_find(e, p->key);
    struct buf body = BUF_INIT;
    char name[EVENT_NAME_MAX + 1];
    struct error err;
    if (k && k->waits == p)
        k->waits = NULL;
    if (k && !p->tries) /* a try that is repeated has its name */
        p->stamp = k->stamp;
    p->creates = p->tries ? p->creates : !p->stamp;
    if (!p->stamp)
        p->stamp = new_stamp(e);
    event_name(p, name);
    event_body(p, &body);
    struct kube_call call = {.resource = &events,
                             .name_space = p->name_space,
                             .name = name,
                             .body = buf_str(&body),
                             .timeout_ms = TIMEOUT_MS,
                             .done = done,
                             .data = p};
    struct kube *kube = cluster_kube(e->site->cluster);
    int rc = body.failed  ? error_nomem(&err)
             : p->creates ? kube_create(kube, &call, &p->request, &err)
                          : kube_patch(kube, &call, &p->request, &err);
    buf_free(&body);
    if (rc) {
        over(p, rc == ERR_CANCELLED || rc == ERR_NOMEM ? "dropped" : "refused");
        return;
    }
    p->waits = false;
    e->waiting--;
    e->under_way++;
    if (k)
        k->under_way = true;
}
