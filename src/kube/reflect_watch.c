/* SPDX-License-Identifier: Apache-2.0 */
/* A reflector's watches, and what follows when one has ended. */
#include "kube/reflect_parts.h"
#include "kube/resource_version.h"

#define STREAM_BEGINS 3  /* times stream_ms: so long a server may take to begin with a stream */
#define EARLY_MS 5000    /* a server that ends a watch so long before its time does not do it by the clock */
#define FRUITLESS_MOST 3 /* watches in a row that failed without an event: perhaps it is our version's fault */

/* ---- watching ---- */

static void opened(void *data);
static void event_came(void *data, const struct kube_event *event);
static void watch_ended(void *data, enum kube_watch_end why, const struct error *err);

/* Spread, so that not all watches end at once. */
static unsigned draw_timeout(struct kube_reflect *r)
{
    unsigned least = r->call.timing.least_s, most = r->call.timing.most_s;
    if (r->brief) {
        most = (unsigned)(r->call.timing.silence_ms * 2 / 3 / 1000);
        least = most / 2;
        if (most < 1)
            most = least = 1;
    }
    return least + (unsigned)chance_below(&r->kube->chance, most - least + 1);
}

void reflect_open_watch(struct kube_reflect *r, bool initial_events)
{
    r->timeout_s = draw_timeout(r);
    struct kube_watch_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .label_selector = r->call.label_selector,
        .field_selector = r->call.field_selector,
        .resource_version = r->version.ptr,
        .initial_events = initial_events,
        .timeout_s = r->timeout_s,
        .silence_ms = r->call.timing.silence_ms,
        .opened = opened,
        .event = event_came,
        .ended = watch_ended,
        .data = r,
    };
    r->stage = initial_events ? STREAMING : WATCHING;
    r->began = reflect_now(r);
    r->fed = false;
    struct error err;
    if (kube_watch(r->kube, &call, &r->watch, &err))
        reflect_fail(r, &err);
    else if (initial_events)
        deadline_set(&r->timer, STREAM_BEGINS * r->call.timing.stream_ms);
}

/* Within an event: the version counts only when the owner has what came with it. */
static void advance(struct kube_reflect *r, const struct kube_event *event)
{
    r->fed = true;
    r->fruitless = 0;
    if (r->stage == STREAMING && !kube_event_ends_list(event)) {
        deadline_set(&r->timer, r->call.timing.stream_ms);
        return;
    }
    if (reflect_keep_version(r, event->version)) {
        reflect_give_up(r);
        return;
    }
    if (r->stage == STREAMING) {
        r->stage = WATCHING;
        deadline_stop(&r->timer);
        buf_reset(&r->least);
        r->newest = r->doubt = false;
        r->call.synced(r->call.data);
    }
}

/* Not before: who may list and not watch is still in trouble. */
static void opened(void *data)
{
    struct kube_reflect *r = data;
    if (r->stage == STREAMING)
        deadline_set(&r->timer, r->call.timing.stream_ms);
    reflect_tell_well(r);
}

static void event_came(void *data, const struct kube_event *event)
{
    struct kube_reflect *r = data;
    int rc = 0;
    if (!reflect_tell_well(r))
        return;
    if (event->type == KUBE_DELETED)
        r->call.remove(r->call.data, event->object);
    else if (event->type != KUBE_BOOKMARK)
        rc = r->call.upsert(r->call.data, event->object, r->stage == STREAMING);
    if (r->stage == STOPPED)
        return;
    if (rc)
        reflect_give_up(r);
    else
        advance(r, event);
}

/* ---- a server with another past ---- */

/* A version that the server has never heard of, such as one from before etcd was restored from a backup, gives a watch
 * that stays silent without an error, and once the server's versions have passed ours, one that begins in the middle:
 * what happened below is missed. So after each end that a restart may be behind, and after a watch that told nothing at
 * all (a quiet one looks the same: a server sends bookmarks only when its own version has moved on), one object is
 * listed, without a version, to compare the server's with ours. Before the watch, since the server's may soon be
 * higher. */
static bool probe_item(void *data, struct json item)
{
    (void)data, (void)item;
    return false; /* one is enough */
}

static void probe_done(void *data, const char *version, const struct error *err)
{
    struct kube_reflect *r = data;
    r->list = NULL;
    if (err && err->code == ERR_CANCELLED) {
        r->stage = STOPPED; /* kube_close */
        return;
    }
    if (err) {
        reflect_fail(r, err);
        return;
    }
    r->heard = reflect_now(r);
    r->doubt = false;
    if (!*version || kube_version_is_older(kube_version(str_of(version)), kube_version(buf_str(&r->version)))) {
        reflect_forget(r);
        r->newest = true;
    }
    reflect_after(r, 0);
}

void reflect_probe(struct kube_reflect *r)
{
    struct kube_query query = {.limit = 1};
    struct kube_list_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .query = &query,
        .item = probe_item,
        .done = probe_done,
        .data = r,
    };
    r->stage = PROBING;
    struct error err;
    if (kube_list(r->kube, &call, &r->list, &err))
        reflect_fail(r, &err);
}

/* ---- when a watch has ended ---- */

/* The server does not stream lists, or not well enough. */
static bool cannot_stream(enum kube_watch_end why, const struct error *err)
{
    switch (why) {
    case KUBE_WATCH_HTTP:
        return !reflect_error_lasts(err) && err->status != 429 && err->status != 503;
    case KUBE_WATCH_REFUSED:
        return false;
    default:
        return true;
    }
}

static void stream_ended(struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    if (cannot_stream(why, err)) {
        reflect_stop_streaming(r);
        return;
    }
    reflect_fail(r, err);
}

static bool needs_list(struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    if (why == KUBE_WATCH_EXPIRED || why == KUBE_WATCH_GARBLED)
        return true;
    if (why == KUBE_WATCH_HTTP && err->status == 404)
        return true;
    bool fruitless = !r->fed && (why == KUBE_WATCH_ERROR || why == KUBE_WATCH_HTTP);
    return fruitless && ++r->fruitless >= FRUITLESS_MOST;
}

/* May the server have been started again, perhaps with other data, since the watch was well? */
static bool was_lost(const struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    switch (why) {
    case KUBE_WATCH_ENDED:
        return reflect_now(r) - r->began + EARLY_MS < (uint64_t)r->timeout_s * 1000;
    case KUBE_WATCH_HTTP:
        return err->status >= 500;
    case KUBE_WATCH_SILENT:
    case KUBE_WATCH_CUT:
    case KUBE_WATCH_ERROR:
    case KUBE_WATCH_REFUSED:
        return true;
    default:
        return false;
    }
}

static void resume(struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    bool good = reflect_now(r) - r->began >= r->call.timing.settled_ms;
    if (good)
        r->tries = 0;
    bool quiet = why == KUBE_WATCH_SILENT || (why == KUBE_WATCH_ENDED && good);
    r->doubt = r->doubt || (quiet && !r->fed) || was_lost(r, why, err);
    r->brief |= why == KUBE_WATCH_SILENT && !r->fed;
    if (why == KUBE_WATCH_ENDED) {
        r->heard = reflect_now(r);
        if (!reflect_tell_well(r))
            return;
    }
    if (needs_list(r, why, err))
        reflect_forget(r);
    if (r->call.restarted)
        r->call.restarted(r->call.data, why);
    if (r->stage == STOPPED)
        return;
    if (why != KUBE_WATCH_ENDED && why != KUBE_WATCH_EXPIRED && why != KUBE_WATCH_SILENT) {
        reflect_fail(r, err);
    } else if (r->tries == 0) {
        r->tries = good ? 0 : 1;
        reflect_after(r, 0);
    } else {
        reflect_back_off(r);
    }
}

static void watch_ended(void *data, enum kube_watch_end why, const struct error *err)
{
    struct kube_reflect *r = data;
    uint64_t heard = kube_watch_heard(r->watch);
    bool streaming = r->stage == STREAMING;
    r->retry_after_ms = kube_watch_retry_after_ms(r->watch);
    r->watch = NULL;
    if (heard > r->heard)
        r->heard = heard;
    if (why == KUBE_WATCH_CANCELLED) {
        r->stage = STOPPED; /* kube_close */
        return;
    }
    if (streaming)
        stream_ended(r, why, err);
    else
        resume(r, why, err);
}
