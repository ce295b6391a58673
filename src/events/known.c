/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of earlier events: the same again are counted up, and there are only so many of one job, of one daemon,
 * and none where they are forbidden. */
#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "events/events_parts.h"

#define KNOWN_MAX 4096
#define JOBS_MAX 4096
#define PLACES_MAX 64
#define FORGET_US (3600 * CLOCK_SECOND) /* a server keeps its events for an hour */
#define CLOSED_MS 600000                /* then one is tried again */

static void hash_more(uint64_t *hash, struct str text)
{
    *hash = XXH3_64bits_withSeed(text.len ? text.ptr : "", text.len, *hash + text.len);
}

uint64_t event_key(const struct event *e)
{
    uint64_t hash = e->warning;
    hash_more(&hash, e->job->uid);
    hash_more(&hash, e->job->name_space);
    hash_more(&hash, e->job->name);
    hash_more(&hash, str_of(e->reason));
    hash_more(&hash, e->same.len ? e->same : e->text);
    return hash;
}

/* ---- the same again ---- */

struct known_event *event_known_find(struct events *e, uint64_t key)
{
    struct known_event *k;
    HASH_FIND(hh, e->known, &key, sizeof key, k);
    return k;
}

/* Those that wait are not forgotten; there are fewer of them than are known. */
static void forget_oldest(struct events *e)
{
    struct known_event *k, *next;
    HASH_ITER(hh, e->known, k, next)
    {
        if (HASH_COUNT(e->known) <= KNOWN_MAX)
            return;
        if (k->waits || k->under_way)
            continue;
        HASH_DELETE(hh, e->known, k);
        free(k);
    }
}

struct known_event *event_known(struct events *e, uint64_t key)
{
    struct known_event *k = event_known_find(e, key);
    int64_t now = clock_now(e->site->clock);
    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k)
            return NULL;
        k->key = key;
        HASH_ADD(hh, e->known, key, sizeof k->key, k);
        if (!k->hh.tbl) {
            free(k);
            return NULL;
        }
        forget_oldest(e);
    }
    bool old = now - k->last > FORGET_US || now < k->first; /* it is gone; or the clock was set back */
    if (old && !k->waits && !k->under_way)
        k->stamp = k->count = 0;
    k->first = k->count ? k->first : now;
    k->last = now;
    return k;
}

/* ---- how many ---- */

/* What a bucket has by now. */
static double filled(double tokens, uint64_t at, uint64_t now, double every_ms, double burst)
{
    tokens += now > at ? (double)(now - at) / every_ms : 0;
    return tokens < burst ? tokens : burst;
}

static struct job_bucket *bucket_of(struct events *e, uint64_t key)
{
    struct job_bucket *b, *oldest = e->jobs;
    HASH_FIND(hh, e->jobs, &key, sizeof key, b);
    if (b)
        return b;
    if (oldest && HASH_COUNT(e->jobs) >= JOBS_MAX) {
        HASH_DELETE(hh, e->jobs, oldest);
        free(oldest);
    }
    b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    *b = (struct job_bucket){.key = key, .tokens = EVENTS_JOB_BURST, .at = events_now(e)};
    HASH_ADD(hh, e->jobs, key, sizeof b->key, b);
    if (b->hh.tbl)
        return b;
    free(b);
    return NULL;
}

bool event_job_may(struct events *e, struct str uid)
{
    uint64_t now = events_now(e);
    struct job_bucket *b = bucket_of(e, XXH3_64bits(uid.len ? uid.ptr : "", uid.len));
    if (!b)
        return false;
    b->tokens = filled(b->tokens, b->at, now, EVENTS_JOB_EVERY_MS, EVENTS_JOB_BURST);
    b->at = now;
    bool may = b->tokens >= 1;
    b->tokens -= may;
    return may;
}

bool event_daemon_may(struct events *e, uint64_t *wait_ms)
{
    uint64_t now = events_now(e);
    *wait_ms = 0;
    if (e->site->one_clock || e->flushing) /* in a test nothing but the clock may be waited for */
        return true;
    e->tokens = filled(e->tokens, e->tokens_at, now, 1000.0 / EVENTS_RATE, EVENTS_BURST);
    e->tokens_at = now;
    if (e->tokens < 1) {
        *wait_ms = (uint64_t)((1 - e->tokens) * 1000 / EVENTS_RATE) + 1;
        return false;
    }
    e->tokens -= 1;
    return true;
}

/* ---- where ---- */

static struct closed_place *place_of(const struct events *e, const char *name_space)
{
    struct closed_place *p = e->places;
    while (p && strcmp(p->name_space, name_space) != 0)
        p = p->next;
    return p;
}

void event_place_close(struct events *e, const char *name_space, bool *first)
{
    struct closed_place *p = place_of(e, name_space);
    *first = !p && e->place_count < PLACES_MAX;
    if (*first)
        p = calloc(1, sizeof *p);
    if (!p)
        return;
    p->until = events_now(e) + CLOSED_MS;
    if (!*first)
        return;
    snprintf(p->name_space, sizeof p->name_space, "%s", name_space);
    p->next = e->places;
    e->places = p;
    e->place_count++;
}

bool event_place_closed(struct events *e, const char *name_space)
{
    const struct closed_place *p = place_of(e, name_space);
    return p && events_now(e) < p->until;
}

void event_known_free(struct events *e)
{
    struct known_event *k, *next_known;
    struct job_bucket *b, *next_job;
    HASH_ITER(hh, e->known, k, next_known)
    {
        HASH_DELETE(hh, e->known, k);
        free(k);
    }
    HASH_ITER(hh, e->jobs, b, next_job)
    {
        HASH_DELETE(hh, e->jobs, b);
        free(b);
    }
    while (e->places) {
        struct closed_place *p = e->places;
        e->places = p->next;
        free(p);
    }
}
