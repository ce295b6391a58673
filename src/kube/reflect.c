/* List, watch, and what to do when a watch ends. */
#include "kube/reflect.h"

#include <stdlib.h>

#include "kube/core.h"
#include "kube/verbs.h"
#include "loop/timer.h"

#define PAGE 500
#define SILENCE_MS 90000
#define LEAST_S 300
#define MOST_S 600
#define BACKOFF_MS 800
#define BACKOFF_MOST_MS 30000
#define SETTLED_MS 5000
#define FRUITLESS_MOST 3 /* watches in a row that failed without an event: perhaps it is our version's fault */

enum stage { LISTING, STREAMING, WATCHING, PROBING, PAUSING, STOPPED };

struct kube_reflect {
    struct kube *kube;
    struct kube_reflect_call call;
    char *texts[6]; /* what call's texts point to */
    enum stage stage;
    struct kube_list *list;
    struct kube_watch *watch;
    struct deadline timer;
    struct kube_backoff backoff;
    struct buf version; /* to watch from; empty: a list is needed */
    int64_t page;
    unsigned tries, fruitless;
    uint64_t began; /* the watch, on the loop's clock */
    uint64_t heard; /* before this watch; 0: never */
    bool troubled;  /* the last that the owner heard was trouble */
    bool fed;       /* this watch told something */
    bool mute;      /* the last watch told nothing at all: see probe */
    bool brief;     /* the server sends no bookmarks while nothing changes: have it end watches before they look dead */
    struct error error;
    void (*closed)(void *data);
    void *closed_data;
};

static void begin_list(struct kube_reflect *r);
static void begin_watch(struct kube_reflect *r);
static void begin_probe(struct kube_reflect *r);

static uint64_t now(const struct kube_reflect *r)
{
    return uv_now(r->kube->loop);
}

/* ---- pauses ---- */

static void timer_rang(struct deadline *timer)
{
    struct kube_reflect *r = timer->data;
    if (!r->version.len)
        begin_list(r);
    else if (r->mute)
        begin_probe(r);
    else
        begin_watch(r);
}

/* A list or a watch follows, depending on whether there is a version to watch from. */
static void go_on_after(struct kube_reflect *r, uint64_t ms)
{
    r->stage = PAUSING;
    deadline_set(&r->timer, ms);
}

static void back_off(struct kube_reflect *r)
{
    r->tries++;
    go_on_after(r, kube_backoff_ms(&r->backoff, r->tries, -1));
}

/* Some errors do not pass by themselves soon. */
static bool lasts(const struct error *err)
{
    return err->status == 401 || err->status == 403 || err->status == 404;
}

/* False: the owner has closed it. */
static bool tell_well(struct kube_reflect *r)
{
    if (r->troubled && r->call.well)
        r->call.well(r->call.data);
    r->troubled = false;
    return r->stage != STOPPED;
}

static void fail(struct kube_reflect *r, const struct error *err)
{
    r->troubled = true;
    if (lasts(err) && r->tries < 3)
        r->tries = 3;
    back_off(r); /* first: the callback may close it */
    r->call.trouble(r->call.data, err);
}

static void from_the_beginning(struct kube_reflect *r)
{
    buf_reset(&r->version);
}

static int keep_version(struct kube_reflect *r, struct str version)
{
    buf_reset(&r->version);
    buf_add_str(&r->version, version);
    if (!r->version.failed)
        return 0;
    buf_reset(&r->version);
    return ERR_NOMEM;
}

/* An object that could not be kept. */
static void give_up(struct kube_reflect *r)
{
    if (r->list)
        kube_list_cancel(r->list);
    if (r->watch)
        kube_watch_cancel(r->watch);
    r->list = NULL;
    r->watch = NULL;
    from_the_beginning(r);
    error_nomem(&r->error);
    fail(r, &r->error);
}

/* ---- listing by pages ---- */

static bool list_item(void *data, struct json item)
{
    struct kube_reflect *r = data;
    r->heard = now(r);
    if (r->call.upsert(r->call.data, item, true) && r->stage != STOPPED)
        give_up(r);
    return r->list != NULL;
}

static void list_restarted(void *data)
{
    struct kube_reflect *r = data;
    r->call.relist(r->call.data);
}

static void list_done(void *data, const char *version, const struct error *err)
{
    struct kube_reflect *r = data;
    struct error no_version;
    r->list = NULL;
    if (err && err->code == ERR_LIMIT && r->page > 1) {
        r->page = r->page > 5 ? r->page / 5 : 1; /* few objects, but large ones */
        go_on_after(r, 0);
        return;
    }
    if (!err && !*version) {
        error_set(&no_version, ERR_PROTOCOL, "%s: the list of %s has no metadata.resourceVersion", r->kube->server,
                  r->call.resource.plural);
        err = &no_version;
    } else if (!err && keep_version(r, str_of(version))) {
        error_nomem(&no_version);
        err = &no_version;
    }
    if (err) {
        if (err->code == ERR_CANCELLED)
            r->stage = STOPPED; /* kube_close */
        else
            fail(r, err);
        return;
    }
    r->heard = now(r);
    if (!tell_well(r))
        return;
    begin_watch(r);
    if (r->stage != STOPPED)
        r->call.synced(r->call.data);
}

static void list_by_pages(struct kube_reflect *r)
{
    struct kube_query query = {
        .label_selector = r->call.label_selector, .field_selector = r->call.field_selector, .limit = r->page};
    struct kube_list_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .query = &query,
        .item = list_item,
        .restarted = list_restarted,
        .done = list_done,
        .data = r,
    };
    r->stage = LISTING;
    if (kube_list(r->kube, &call, &r->list, &r->error))
        fail(r, &r->error);
}

/* ---- watching ---- */

static void event_came(void *data, const struct kube_event *event);
static void watch_ended(void *data, enum kube_watch_end why, const struct error *err);

static uint32_t dice(struct kube_reflect *r, uint32_t sides)
{
    struct kube_backoff die = {.base_ms = sides - 1, .random = r->backoff.random};
    uint32_t n = (uint32_t)kube_backoff_ms(&die, 1, -1);
    r->backoff.random = die.random;
    return n;
}

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
    return least + dice(r, most - least + 1);
}

static void open_watch(struct kube_reflect *r, bool initial_events)
{
    struct kube_watch_call call = {
        .resource = &r->call.resource,
        .name_space = r->call.name_space,
        .label_selector = r->call.label_selector,
        .field_selector = r->call.field_selector,
        .resource_version = r->version.ptr,
        .initial_events = initial_events,
        .timeout_s = draw_timeout(r),
        .silence_ms = r->call.timing.silence_ms,
        .event = event_came,
        .ended = watch_ended,
        .data = r,
    };
    r->stage = initial_events ? STREAMING : WATCHING;
    r->began = now(r);
    r->fed = false;
    if (kube_watch(r->kube, &call, &r->watch, &r->error))
        fail(r, &r->error);
}

static void begin_watch(struct kube_reflect *r)
{
    open_watch(r, false);
}

static void begin_list(struct kube_reflect *r)
{
    bool by_pages = r->call.by_pages;
    r->call.relist(r->call.data);
    if (r->stage == STOPPED)
        return;
    if (by_pages)
        list_by_pages(r);
    else
        open_watch(r, true);
}

/* Within an event: the version counts only when the owner has what came with it. */
static void advance(struct kube_reflect *r, const struct kube_event *event)
{
    r->fed = true;
    r->fruitless = 0;
    if (r->stage == STREAMING && !kube_event_ends_list(event))
        return;
    if (keep_version(r, event->version)) {
        give_up(r);
        return;
    }
    if (r->stage == STREAMING) {
        r->stage = WATCHING;
        r->call.synced(r->call.data);
    }
}

static void event_came(void *data, const struct kube_event *event)
{
    struct kube_reflect *r = data;
    int rc = 0;
    if (!tell_well(r))
        return;
    if (event->type == KUBE_DELETED)
        r->call.remove(r->call.data, event->object);
    else if (event->type != KUBE_BOOKMARK)
        rc = r->call.upsert(r->call.data, event->object, r->stage == STREAMING);
    if (r->stage == STOPPED)
        return;
    if (rc)
        give_up(r);
    else
        advance(r, event);
}

/* ---- a watch that told nothing ---- */

/* A version that the server has never heard of, such as one from before etcd was restored from a backup, gives a watch
 * that stays silent for ever, without an error. A quiet one looks the same: a server sends bookmarks only when its own
 * version has moved on. One object is listed to compare the versions. */
static bool is_unheard_of(struct str ours, struct str servers)
{
    size_t digits = 0;
    while (digits < ours.len && ours.ptr[digits] >= '0' && ours.ptr[digits] <= '9')
        digits++;
    if (digits < ours.len || ours.len > 19)
        return false; /* no numbers: nothing can be said */
    return servers.len < ours.len || (servers.len == ours.len && str_compare(servers, ours) < 0);
}

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
        fail(r, err);
        return;
    }
    r->heard = now(r);
    r->mute = false;
    if (!tell_well(r))
        return;
    if (is_unheard_of(buf_str(&r->version), str_of(version)))
        from_the_beginning(r);
    go_on_after(r, 0);
}

static void begin_probe(struct kube_reflect *r)
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
    if (kube_list(r->kube, &call, &r->list, &r->error))
        fail(r, &r->error);
}

/* ---- when a watch has ended ---- */

/* The server does not stream lists, or not well enough. */
static bool cannot_stream(enum kube_watch_end why, const struct error *err)
{
    switch (why) {
    case KUBE_WATCH_HTTP:
        return !lasts(err) && err->status != 429 && err->status != 503;
    case KUBE_WATCH_REFUSED:
        return false;
    default:
        return true;
    }
}

static void stream_ended(struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    if (cannot_stream(why, err)) {
        r->call.by_pages = true;
        go_on_after(r, 0);
        return;
    }
    fail(r, err);
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

static void resume(struct kube_reflect *r, enum kube_watch_end why, const struct error *err)
{
    bool good = now(r) - r->began >= r->call.timing.settled_ms;
    if (good)
        r->tries = 0;
    bool quiet = why == KUBE_WATCH_SILENT || (why == KUBE_WATCH_ENDED && good);
    r->mute = quiet && !r->fed;
    r->brief |= why == KUBE_WATCH_SILENT && !r->fed;
    if (why == KUBE_WATCH_ENDED) {
        r->heard = now(r);
        if (!tell_well(r))
            return;
    }
    if (needs_list(r, why, err))
        from_the_beginning(r);
    if (r->call.restarted)
        r->call.restarted(r->call.data, why);
    if (r->stage == STOPPED)
        return;
    if (why != KUBE_WATCH_ENDED && why != KUBE_WATCH_EXPIRED && why != KUBE_WATCH_SILENT) {
        fail(r, err);
    } else if (r->tries == 0) {
        r->tries = good ? 0 : 1;
        go_on_after(r, 0);
    } else {
        back_off(r);
    }
}

static void watch_ended(void *data, enum kube_watch_end why, const struct error *err)
{
    struct kube_reflect *r = data;
    uint64_t heard = kube_watch_heard(r->watch);
    bool streaming = r->stage == STREAMING;
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

uint64_t kube_reflect_silence_ms(const struct kube_reflect *r)
{
    uint64_t heard = r->watch ? kube_watch_heard(r->watch) : 0;
    if (heard < r->heard)
        heard = r->heard;
    return heard ? now(r) - heard : UINT64_MAX;
}

/* ---- its life ---- */

static void reflect_free(struct kube_reflect *r)
{
    for (size_t i = 0; i < sizeof r->texts / sizeof *r->texts; i++)
        free(r->texts[i]);
    buf_free(&r->version);
    free(r);
}

static int copy_texts(struct kube_reflect *r)
{
    const char **from[] = {&r->call.resource.group, &r->call.resource.version, &r->call.resource.plural,
                           &r->call.name_space,     &r->call.label_selector,   &r->call.field_selector};
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        if (!*from[i])
            continue;
        r->texts[i] = str_dup(str_of(*from[i]));
        if (!r->texts[i])
            return ERR_NOMEM;
        *from[i] = r->texts[i];
    }
    return 0;
}

static void fill_timing(struct kube_reflect_timing *t)
{
    t->silence_ms = t->silence_ms ? t->silence_ms : SILENCE_MS;
    t->most_s = t->most_s ? t->most_s : MOST_S;
    t->least_s = t->least_s ? t->least_s : LEAST_S;
    t->least_s = t->least_s < t->most_s ? t->least_s : t->most_s;
    t->backoff_ms = t->backoff_ms ? t->backoff_ms : BACKOFF_MS;
    t->backoff_most_ms = t->backoff_most_ms ? t->backoff_most_ms : BACKOFF_MOST_MS;
    t->settled_ms = t->settled_ms ? t->settled_ms : SETTLED_MS;
}

int kube_reflect(struct kube *kube, const struct kube_reflect_call *call, struct kube_reflect **reflect,
                 struct error *err)
{
    struct kube_reflect *r = calloc(1, sizeof *r);
    if (!r)
        return error_nomem(err);
    r->kube = kube;
    r->call = *call;
    r->page = call->page > 0 ? call->page : PAGE;
    fill_timing(&r->call.timing);
    if (copy_texts(r)) {
        reflect_free(r);
        return error_nomem(err);
    }
    kube_backoff_ms(&kube->backoff, 1, -1); /* moves its dice on: no two reflectors throw alike */
    r->backoff = (struct kube_backoff){.base_ms = r->call.timing.backoff_ms,
                                       .most_ms = r->call.timing.backoff_most_ms,
                                       .random = kube->backoff.random};
    deadline_init(kube->loop, &r->timer, timer_rang, r);
    go_on_after(r, 0);
    *reflect = r;
    return 0;
}

static void timer_is_closed(struct deadline *timer)
{
    struct kube_reflect *r = timer->data;
    void (*closed)(void *) = r->closed;
    void *data = r->closed_data;
    reflect_free(r);
    if (closed)
        closed(data);
}

void kube_reflect_close(struct kube_reflect *r, void (*closed)(void *data), void *data)
{
    r->stage = STOPPED;
    r->closed = closed;
    r->closed_data = data;
    if (r->list)
        kube_list_cancel(r->list);
    if (r->watch)
        kube_watch_cancel(r->watch);
    r->list = NULL;
    r->watch = NULL;
    deadline_close(&r->timer, timer_is_closed);
}
