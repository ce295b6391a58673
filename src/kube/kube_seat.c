/* SPDX-License-Identifier: Apache-2.0 */
/* The seats of one server (kube/seats): each try waits for its own, and its end says how the server does. Lists, which
 * take long and are large, have seats of their own; a watch needs none. */
#include <inttypes.h>
#include <stdio.h>

#include "kube/kube_request_parts.h"

#define CONNECTIONS 16
#define CONNECTIONS_AHEAD 2 /* for what never waits */
#define LISTS_SHARE 4       /* of all requests at once, a quarter may be lists */

static const char *const server_labels[] = {"cluster", NULL};
static const char *const seat_labels[] = {"cluster", "requests", NULL};
static const char *const kinds[] = {"single", "list"};

static uint64_t now(const struct kube *kube)
{
    return uv_now(kube->loop);
}

static struct seats *seats_of(const struct kube_request *r)
{
    return &r->kube->seats[strcmp(r->verb, "LIST") == 0 ? KUBE_LISTS : KUBE_SINGLE];
}

/* ---- what is told about it ---- */

static const char *const trouble_texts[] = {
    [SERVER_REFUSES] = "it answers 429 or 503, with the wish to be asked later",
    [SERVER_TIMES_OUT] = "it does not answer in time",
    [SERVER_SLOW] = "its answers take several times as long as before",
};

static enum concurrency_trouble trouble_of(const struct kube *kube)
{
    enum concurrency_trouble single = kube->seats[KUBE_SINGLE].concurrency.trouble;
    return single ? single : kube->seats[KUBE_LISTS].concurrency.trouble;
}

void kube_load(const struct kube *kube, struct kube_load *load)
{
    const struct concurrency *single = &kube->seats[KUBE_SINGLE].concurrency;
    enum concurrency_trouble trouble = trouble_of(kube);
    *load = (struct kube_load){
        .slow_because = trouble ? trouble_texts[trouble] : NULL,
        .slow_ms = trouble ? now(kube) - kube->slow_since : 0,
        .at_once = single->limit,
        .at_most = single->ceiling,
        .under_way = kube->seats[KUBE_SINGLE].under_way + kube->seats[KUBE_LISTS].under_way,
        .waiting = kube->seats[KUBE_SINGLE].waiting + kube->seats[KUBE_LISTS].waiting,
    };
}

static void log_trouble(struct kube *kube)
{
    struct kube_load load;
    char at_once[16], seconds[24];
    kube_load(kube, &load);
    snprintf(at_once, sizeof at_once, "%u", load.at_once);
    if (load.slow_because) {
        log_event(
            kube->log, LOG_WARN, "the server slows mpijobd down, which sends it less at once",
            LOG_FIELDS({"server", kube->server}, {"reason", load.slow_because}, LOG_JSON_FIELD("at_once", at_once)));
    } else {
        snprintf(seconds, sizeof seconds, "%" PRIu64, (now(kube) - kube->slow_since) / 1000);
        log_event(kube->log, LOG_INFO, "the server does not slow mpijobd down any more",
                  LOG_FIELDS({"server", kube->server}, LOG_JSON_FIELD("at_once", at_once),
                             LOG_JSON_FIELD("seconds", seconds)));
    }
}

static void tell(struct kube *kube)
{
    bool slow = trouble_of(kube) != SERVER_WELL;
    unsigned waiting = 0;
    for (size_t i = 0; i < KUBE_SEATS; i++) {
        const struct seats *seats = &kube->seats[i];
        if (seats->concurrency.limit != kube->told[i].limit)
            metric_set(kube->limit, seats->concurrency.limit, METRIC_VALUES(kube->cluster, kinds[i]));
        if (seats->waiting != kube->told[i].waiting)
            metric_set(kube->waiting, seats->waiting, METRIC_VALUES(kube->cluster, kinds[i]));
        kube->told[i].limit = seats->concurrency.limit;
        kube->told[i].waiting = seats->waiting;
        waiting += seats->waiting;
    }
    if (kube->throttled)
        metric_add(kube->throttled_seconds, (double)(now(kube) - kube->told_at) / 1000, METRIC_VALUES(kube->cluster));
    kube->told_at = now(kube);
    kube->throttled = slow && waiting;
    if (slow == kube->slow)
        return;
    kube->slow = slow;
    if (slow)
        kube->slow_since = now(kube);
    if (!kube->impatient)
        log_trouble(kube);
}

/* ---- giving seats ---- */

/* For so much of its wait the server did something for others. */
static uint64_t others_time(const struct kube_request *r)
{
    uint64_t progress = seats_of(r)->concurrency.progress_at;
    return progress > r->queued_at ? progress - r->queued_at : 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void settle(struct kube *kube)
{
    for (size_t i = 0; i < KUBE_SEATS; i++)
        concurrency_calm(&kube->seats[i].concurrency, now(kube));
    tell(kube);
    uint64_t ring = kube->slow ? CONCURRENCY_CALM_MS : UINT64_MAX;
    for (size_t i = 0; i < KUBE_SEATS; i++)
        ring = earlier(ring, seats_pause(&kube->seats[i], now(kube)));
    if (ring != UINT64_MAX)
        deadline_set(&kube->seats_timer, ring);
    else
        deadline_stop(&kube->seats_timer);
}

/* Those that may go now go in the next turn of the loop: this may be within the end of another. */
static void go_on(struct kube *kube)
{
    for (size_t i = 0; i < KUBE_SEATS; i++) {
        struct seat *seat;
        while ((seat = seats_next(&kube->seats[i], now(kube)))) {
            struct kube_request *r = (struct kube_request *)((char *)seat - offsetof(struct kube_request, seat));
            r->until += r->tries ? others_time(r) : now(kube) - r->queued_at;
            r->stage = PAUSING;
            deadline_set(&r->timer, 0);
        }
    }
    settle(kube);
}

static void rang(struct deadline *timer)
{
    go_on(timer->data);
}

bool kube_seat_take(struct kube_request *r)
{
    struct seat_for who = {r->flow, r->rank};
    if (r->seat.place == SEAT_HELD)
        return true;
    if (seats_take(seats_of(r), &r->seat, &who, r->tries > 0, now(r->kube)))
        return true;
    r->stage = QUEUED;
    r->queued_at = now(r->kube);
    settle(r->kube);
    return false;
}

uint64_t kube_seat_patience(const struct kube_request *r)
{
    uint64_t until = r->until + others_time(r);
    return until > now(r->kube) ? until - now(r->kube) : 0;
}

void kube_seat_piece(struct kube_request *r)
{
    seats_of(r)->concurrency.progress_at = now(r->kube);
}

void kube_seat_drop(struct kube_request *r)
{
    if (r->seat.place == SEAT_NONE)
        return;
    seats_leave(seats_of(r), &r->seat);
    go_on(r->kube);
}

/* What takes alike: a verb on one kind of object. 0: not known. */
static uint32_t kind_of(const struct kube_request *r)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    if (!*r->plural || r->piece)
        return 0;
    for (const char *c = r->verb; *c; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    for (const char *c = r->plural; *c; c++)
        h = (h ^ (unsigned char)*c) * 16777619u;
    return h ? h : 1;
}

static enum seat_end end_of(const struct http_answer *answer, const struct error *err, bool sent)
{
    if (answer && (answer->status == 429 || (answer->status == 503 && answer->retry_after_ms >= 0)))
        return SEAT_REFUSED;
    if (answer ? answer->status == 504 : err->code == ERR_TIMEOUT && sent)
        return SEAT_TIMED_OUT;
    return answer ? SEAT_ANSWERED : SEAT_UNTOLD;
}

void kube_seat_over(struct kube_request *r, const struct http_answer *answer, const struct error *err, bool sent)
{
    struct seat_outcome outcome = {.end = end_of(answer, err, sent),
                                   .kind = kind_of(r),
                                   .took_us = (int64_t)((uv_hrtime() - r->try_began) / 1000),
                                   .retry_after_ms = answer ? answer->retry_after_ms : -1};
    seats_over(seats_of(r), &r->seat, &outcome, now(r->kube));
    go_on(r->kube);
}

/* ---- with the connection ---- */

unsigned kube_seats_open(struct kube *kube, const struct kube_options *options, struct metrics *metrics)
{
    unsigned ceiling = options->connections ? options->connections : CONNECTIONS;
    unsigned lists = ceiling > LISTS_SHARE ? ceiling / LISTS_SHARE : 1;
    uint64_t pause_ms = options->carrier ? 0 : kube->backoff.first_ms; /* a server within the program has no load */
    seats_init(&kube->seats[KUBE_SINGLE], ceiling, pause_ms);
    seats_init(&kube->seats[KUBE_LISTS], lists, pause_ms);
    kube->limit = metrics_gauge(metrics, "api_concurrency_limit", NULL,
                                "Requests to an API server at once, found out by how it answers.", seat_labels);
    kube->waiting = metrics_gauge(metrics, "api_requests_waiting", NULL,
                                  "Requests that wait for their turn at an API server.", seat_labels);
    kube->throttled_seconds =
        metrics_counter(metrics, "api_throttled_seconds", "seconds",
                        "Time in which requests waited because an API server slowed them down.", server_labels);
    metric_add(kube->throttled_seconds, 0, METRIC_VALUES(kube->cluster));
    for (size_t i = 0; i < KUBE_SEATS; i++)
        metric_set(kube->waiting, 0, METRIC_VALUES(kube->cluster, kinds[i]));
    tell(kube);
    return ceiling + lists + CONNECTIONS_AHEAD;
}

void kube_seats_begin(struct kube *kube)
{
    deadline_init(kube->loop, &kube->seats_timer, rang, kube);
}

void kube_seats_close(struct kube *kube)
{
    for (size_t i = 0; i < KUBE_SEATS; i++)
        seats_close(&kube->seats[i]);
}
