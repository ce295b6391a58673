/* SPDX-License-Identifier: Apache-2.0 */
/* A reflector's life: pausing, and what comes next. */
#include "kube/reflect_parts.h"

#include <stdlib.h>

#include "base/texts.h"

#define PAGE 500
#define STREAM_MS 5000
#define SILENCE_MS 90000
#define LEAST_S 300
#define MOST_S 600
#define BACKOFF_MS 800
#define BACKOFF_MOST_MS 30000
#define SETTLED_MS 5000
#define RETRY_AFTER_MOST_MS 120000

/* ---- pauses ---- */

static void timer_rang(struct deadline *timer)
{
    struct kube_reflect *r = timer->data;
    if (r->stage == STREAMING)
        reflect_stop_streaming(r);
    else if (!r->version.len)
        reflect_begin_list(r);
    else if (r->doubt)
        reflect_probe(r);
    else
        reflect_open_watch(r, false);
}

void reflect_after(struct kube_reflect *r, uint64_t ms)
{
    r->stage = PAUSING;
    deadline_set(&r->timer, ms);
}

void reflect_back_off(struct kube_reflect *r)
{
    int64_t asked = r->retry_after_ms < RETRY_AFTER_MOST_MS ? r->retry_after_ms : RETRY_AFTER_MOST_MS;
    uint64_t ms = backoff_ms(&r->backoff, ++r->tries, &r->kube->chance);
    r->retry_after_ms = -1;
    reflect_after(r, asked > 0 ? (uint64_t)asked + ms : ms);
}

bool reflect_error_lasts(const struct error *err)
{
    return err->status == 401 || err->status == 403 || err->status == 404;
}

bool reflect_tell_well(struct kube_reflect *r)
{
    if (r->troubled && r->call.well)
        r->call.well(r->call.data);
    r->troubled = false;
    return r->stage != STOPPED;
}

void reflect_fail(struct kube_reflect *r, const struct error *err)
{
    r->troubled = true;
    if (reflect_error_lasts(err) && r->tries < 3)
        r->tries = 3;
    reflect_back_off(r); /* first: the callback may close it */
    r->call.trouble(r->call.data, err);
}

void reflect_forget(struct kube_reflect *r)
{
    if (r->version.len) {
        buf_reset(&r->least);
        buf_add_str(&r->least, buf_str(&r->version));
        r->newest = r->newest || r->least.failed;
    }
    buf_reset(&r->version);
}

int reflect_keep_version(struct kube_reflect *r, struct str version)
{
    buf_reset(&r->version);
    buf_add_str(&r->version, version);
    if (!r->version.failed)
        return 0;
    buf_reset(&r->version);
    return ERR_NOMEM;
}

void reflect_give_up(struct kube_reflect *r)
{
    reflect_stop_list(r);
    if (r->watch)
        kube_watch_cancel(r->watch);
    r->watch = NULL;
    reflect_forget(r);
    struct error err;
    error_nomem(&err);
    reflect_fail(r, &err);
}

uint64_t kube_reflect_silence_ms(const struct kube_reflect *r)
{
    uint64_t heard = r->watch ? kube_watch_heard(r->watch) : 0;
    if (heard < r->heard)
        heard = r->heard;
    return heard ? reflect_now(r) - heard : UINT64_MAX;
}

/* ---- its life ---- */

static void reflect_free(struct kube_reflect *r)
{
    free(r->texts);
    buf_free(&r->version);
    buf_free(&r->least);
    free(r);
}

static int copy_texts(struct kube_reflect *r)
{
    struct kube_reflect_call *c = &r->call;
    r->texts = TEXTS_COPY({&c->resource.group, c->resource.group}, {&c->resource.version, c->resource.version},
                          {&c->resource.plural, c->resource.plural}, {&c->name_space, c->name_space},
                          {&c->label_selector, c->label_selector}, {&c->field_selector, c->field_selector},
                          {&c->item_kind, c->item_kind});
    return r->texts ? 0 : ERR_NOMEM;
}

static void fill_timing(struct kube_reflect_timing *t)
{
    t->silence_ms = t->silence_ms ? t->silence_ms : SILENCE_MS;
    t->most_s = t->most_s ? t->most_s : MOST_S;
    t->least_s = t->least_s ? t->least_s : LEAST_S;
    t->least_s = t->least_s < t->most_s ? t->least_s : t->most_s;
    t->backoff_ms = t->backoff_ms ? t->backoff_ms : BACKOFF_MS;
    t->backoff_most_ms = t->backoff_most_ms ? t->backoff_most_ms : BACKOFF_MOST_MS;
    t->stream_ms = t->stream_ms ? t->stream_ms : STREAM_MS;
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
    r->retry_after_ms = -1;
    r->page = PAGE;
    r->way = call->by_pages ? BY_PAGES : BY_STREAM;
    fill_timing(&r->call.timing);
    if (copy_texts(r)) {
        reflect_free(r);
        return error_nomem(err);
    }
    r->streaming.known = reflect_streaming_known;
    r->backoff = (struct backoff){
        .first_ms = r->call.timing.backoff_ms, .most_ms = r->call.timing.backoff_most_ms, .jitter = BACKOFF_FULL};
    deadline_init(kube->loop, &r->timer, timer_rang, r);
    reflect_after(r, 0);
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
    reflect_stop_list(r);
    if (r->watch)
        kube_watch_cancel(r->watch);
    r->watch = NULL;
    deadline_close(&r->timer, timer_is_closed);
}
