/* SPDX-License-Identifier: Apache-2.0 */
/* The limit: what makes it rise and what makes it fall. */
#include "kube/seats/concurrency.h"

#include <stddef.h>

#define BEGIN 8            /* requests at once */
#define HOLD_LEAST_MS 1000 /* before a limit that was refused is tried again, and the longest */
#define HOLD_MOST_MS 16000
#define PAUSE_MOST_MS 10000
#define ASKED_MOST_MS 60000 /* a server, or what stands before it, may ask for a year */
#define WINDOW_MS 300000    /* the fastest of a kind is forgotten after one to two of these */
#define SLOW_LEAST 4        /* slow answers alone lower the limit no further */
#define STRAIN_MOST 16.0    /* one answer that hung says no more than this */
#define STRAIN_SHARE 0.125  /* of one answer in the smoothed strain */
#define STRAIN_STEADY 2.0   /* above it the limit does not rise, and above the next it falls */
#define STRAIN_SLOW 4.0

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned most(unsigned a, unsigned b)
{
    return a > b ? a : b;
}

void concurrency_init(struct concurrency *c, unsigned ceiling, uint64_t pause_ms)
{
    *c = (struct concurrency){
        .ceiling = ceiling,
        .limit = pause_ms ? least(BEGIN, ceiling) : ceiling,
        .fixed = !pause_ms,
        .strain = 1,
        .pause = {.first_ms = pause_ms, .most_ms = PAUSE_MOST_MS, .jitter = BACKOFF_EXACT},
    };
}

static void meet(struct concurrency *c, enum concurrency_trouble trouble, uint64_t now)
{
    if (!c->trouble)
        c->troubled_since = now;
    if (!c->trouble || trouble != SERVER_SLOW) /* the graver one is told */
        c->trouble = trouble;
    c->trouble_at = now;
    c->careful = true;
}

bool concurrency_calm(struct concurrency *c, uint64_t now)
{
    if (!c->trouble || now < c->trouble_at + CONCURRENCY_CALM_MS || now < c->paused_until)
        return false;
    c->trouble = SERVER_WELL;
    return true;
}

static void lower_to(struct concurrency *c, unsigned limit, uint64_t now)
{
    c->limit = most(1, limit);
    c->lowered_at = now;
    c->answers = c->peak = 0;
}

/* ---- how long answers take ---- */

/* The kind's own place, or one that is free; NULL: there are too many kinds. */
static struct concurrency_pace *pace_of(struct concurrency *c, uint32_t kind)
{
    for (unsigned i = 0; i < CONCURRENCY_KINDS; i++)
        if (c->pace[i].kind == kind || !c->pace[i].kind) {
            c->pace[i].kind = kind;
            return &c->pace[i];
        }
    return NULL;
}

static void next_window(struct concurrency *c, uint64_t now)
{
    if (now < c->window_at + WINDOW_MS)
        return;
    c->window_at = now;
    for (unsigned i = 0; i < CONCURRENCY_KINDS; i++) {
        c->pace[i].before_us = c->pace[i].least_us;
        c->pace[i].least_us = 0;
    }
}

static void feel_strain(struct concurrency *c, const struct concurrency_answer *a, uint64_t now)
{
    next_window(c, now);
    struct concurrency_pace *p = a->kind && a->took_us > 0 ? pace_of(c, a->kind) : NULL;
    if (!p)
        return;
    if (!p->least_us || a->took_us < p->least_us)
        p->least_us = a->took_us;
    int64_t best = p->before_us && p->before_us < p->least_us ? p->before_us : p->least_us;
    double times = a->took_us <= CONCURRENCY_SLACK_US ? 1 : (double)a->took_us / (double)best;
    times = times > STRAIN_MOST ? STRAIN_MOST : times;
    c->strain += (times - c->strain) * STRAIN_SHARE;
}

/* ---- one request has ended ---- */

static void rise(struct concurrency *c, uint64_t now)
{
    unsigned limit = c->careful ? c->limit + 1 : c->limit * 2;
    if (c->refused_at && now < c->again_at)
        limit = least(limit, most(1, c->refused_at - 1));
    if (limit > c->limit)
        c->limit = least(limit, c->ceiling);
}

void concurrency_answered(struct concurrency *c, const struct concurrency_answer *a, uint64_t now)
{
    c->progress_at = now;
    c->refusals = 0;
    if (c->fixed)
        return;
    feel_strain(c, a, now);
    if (a->sent_at <= c->lowered_at && c->lowered_at)
        return;
    c->peak = most(c->peak, a->under_way);
    if (++c->answers < c->limit)
        return;
    unsigned peak = c->peak;
    c->answers = c->peak = 0;
    if (c->strain > STRAIN_SLOW) {
        meet(c, SERVER_SLOW, now);
        if (c->limit > SLOW_LEAST)
            lower_to(c, most(SLOW_LEAST, c->limit * 3 / 4), now);
    } else if (c->strain <= STRAIN_STEADY && peak * 2 > c->limit) { /* what is not made use of proves nothing */
        rise(c, now);
    }
}

/* How long the server has asked to wait, within bounds; 0: it has not. */
static uint64_t asked_ms(const struct concurrency_answer *a)
{
    uint64_t ms = a->retry_after > 0 ? (uint64_t)a->retry_after : 0;
    return ms > ASKED_MOST_MS ? ASKED_MOST_MS : ms;
}

/* For how long nothing more is tried than what was just too much. */
static uint64_t hold(const struct concurrency *c, unsigned at_once, uint64_t asked)
{
    uint64_t ms = c->refused_at && at_once >= c->refused_at ? c->hold_ms * 2 : HOLD_LEAST_MS;
    ms = ms > HOLD_MOST_MS ? HOLD_MOST_MS : ms;
    return ms > asked ? ms : asked;
}

static void too_many(struct concurrency *c, const struct concurrency_answer *a, uint64_t now)
{
    if (c->lowered_at && a->sent_at <= c->lowered_at)
        return;
    unsigned at_once = least(c->limit, a->under_way);
    c->hold_ms = hold(c, at_once, asked_ms(a));
    c->again_at = now + c->hold_ms;
    c->refused_at = most(1, at_once);
    lower_to(c, at_once / 2, now);
}

void concurrency_refused(struct concurrency *c, const struct concurrency_answer *a, uint64_t now)
{
    if (c->fixed)
        return;
    meet(c, SERVER_REFUSES, now);
    too_many(c, a, now);
    if (a->under_way > 1)
        return;
    bool said = a->retry_after >= 0; /* then no longer than that, but never at once */
    uint64_t ms = said ? c->pause.first_ms : backoff_ms(&c->pause, ++c->refusals, NULL);
    if (asked_ms(a) > ms)
        ms = asked_ms(a);
    c->paused_until = now + ms > c->paused_until ? now + ms : c->paused_until;
}

void concurrency_timed_out(struct concurrency *c, const struct concurrency_answer *a, uint64_t now)
{
    if (c->fixed || c->progress_at > a->sent_at) /* others were answered: this one hangs for reasons of its own */
        return;
    meet(c, SERVER_TIMES_OUT, now);
    too_many(c, a, now);
}
