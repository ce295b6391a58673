/* SPDX-License-Identifier: Apache-2.0 */
/* A number a minute, in a ring. The sums are those of the watches, so no job is looked at. */
#include "web/held_samples.h"

#include "base/clock.h"
#include "engine/standing.h"
#include "web/api_parts.h"

static void take(struct held_samples *h)
{
    int64_t gpus;
    size_t at = (h->first + h->count) % HELD_SAMPLES;
    h->ring[at].at = clock_now(NULL) / CLOCK_SECOND;
    h->ring[at].gpus = engine_held_gpus(h->engine, &gpus) ? gpus : HELD_UNKNOWN;
    if (h->count < HELD_SAMPLES)
        h->count++;
    else
        h->first = (h->first + 1) % HELD_SAMPLES;
}

static void tick(struct deadline *timer)
{
    struct held_samples *h = timer->data;
    take(h);
    deadline_set(timer, HELD_EVERY_S * 1000);
}

/* ---- the answer ---- */

static void write_column(const struct held_samples *h, struct json_writer *w, const char *key, bool times, int64_t last)
{
    json_write_key(w, key);
    json_write_array(w);
    for (size_t i = 0; i <= h->count; i++) {
        size_t at = (h->first + i) % HELD_SAMPLES;
        int64_t n = i == h->count ? last : times ? h->ring[at].at : h->ring[at].gpus;
        if (n == HELD_UNKNOWN)
            json_write_null(w);
        else
            json_write_int(w, n);
    }
    json_write_end(w);
}

/* The last one is as it is now. */
static void get_held(void *data, struct admin_request *r)
{
    struct web *web = data;
    const struct held_samples *h = &web->held;
    struct buf out = BUF_INIT, others = BUF_INIT;
    struct json_writer w;
    int64_t gpus;
    struct error err;
    if (!web_serves(web, r))
        return;
    json_writer_init(&w, &out);
    if (query_read(r, &(struct field){0}, &w, &err)) {
        web_fail(r, &err);
        return;
    }
    bool known = h->engine && engine_held_gpus(h->engine, &gpus);
    json_write_object(&w);
    json_write_key(&w, "every_seconds");
    json_write_int(&w, HELD_EVERY_S);
    write_column(h, &w, "at", true, clock_now(NULL) / CLOCK_SECOND);
    write_column(h, &w, "gpus", false, known ? gpus : HELD_UNKNOWN);
    if (h->engine)
        engine_others(h->engine, &others);
    if (others.len && !others.failed) {
        json_write_key(&w, "others");
        json_write_str(&w, buf_str(&others));
    }
    buf_free(&others);
    json_write_end(&w);
    admin_answer(r, 200, "application/json", &out);
}

const struct admin_route held_routes[] = {
    {"GET", "/api/v1/held", ADMIN_READER, get_held},
    {NULL, NULL, ADMIN_ANYONE, NULL},
};

/* ---- life ---- */

void held_open(struct held_samples *h, uv_loop_t *loop)
{
    deadline_init(loop, &h->timer, tick, h);
    uv_unref((uv_handle_t *)&h->timer.timer);
}

void held_serve(struct held_samples *h, struct engine *engine)
{
    if (!engine)
        return;
    h->engine = engine;
    tick(&h->timer);
}

void held_stop(struct held_samples *h)
{
    h->engine = NULL;
    deadline_stop(&h->timer);
}

void held_close(struct held_samples *h, void (*closed)(struct deadline *timer))
{
    deadline_close(&h->timer, closed);
}
