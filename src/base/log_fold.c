/* SPDX-License-Identifier: Apache-2.0 */
/* A small table of the lines that came lately, each with the count of those that were left out. */
#include "base/log_fold.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log_parts.h"
#include "base/log_repeat.h"
#include "base/log_same.h"

#define KEYS 64
#define WHOLE 10 /* lines of a key that are written within a window */

struct key {
    struct log_repeat repeat;
    unsigned written; /* within the window, counts included */
    int64_t opened;   /* the window's begin */
    int64_t used;
};

struct log_fold {
    pthread_mutex_t lock;
    int64_t window;
    int64_t due;           /* no count is due before; INT64_MAX: none waits */
    int64_t seen;          /* the clock, when it was last read */
    uint64_t hashes[KEYS]; /* 0: the place is free */
    struct key keys[KEYS];
    struct key *last;    /* of the line before; NULL: it is not known any more */
    struct buf last_job; /* its job, where that is not among the key's bytes */
    struct log_same now;
    void (*waits)(void *data);
    void *data;
    atomic_uint_fast64_t counted[LOG_ERROR + 1];
};

struct log_fold *log_fold_new(int64_t window)
{
    struct log_fold *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    f->window = window;
    f->due = INT64_MAX;
    return f;
}

static void forget(struct log_fold *f, struct key *k)
{
    if (f->last == k)
        f->last = NULL;
    log_repeat_free(&k->repeat);
    *k = (struct key){.written = 0};
    f->hashes[k - f->keys] = 0;
}

void log_fold_free(struct log_fold *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < KEYS; i++)
        forget(f, &f->keys[i]);
    buf_free(&f->last_job);
    log_same_free(&f->now);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* ---- counts are told ---- */

static bool has_ended(const struct log_fold *f, const struct key *k, int64_t now)
{
    return now < k->opened || now >= k->opened + f->window;
}

static void tick(struct log_fold *f, const struct log *log, int64_t now)
{
    f->due = INT64_MAX;
    f->seen = now;
    for (size_t i = 0; i < KEYS; i++) {
        struct key *k = &f->keys[i];
        if (!k->repeat.count)
            continue;
        if (has_ended(f, k, now)) {
            log_repeat_tell(&k->repeat, log);
            k->opened = now;
            k->written = k->written < WHOLE ? 1 : WHOLE; /* it goes on as it was */
        } else if (k->opened + f->window < f->due) {
            f->due = k->opened + f->window;
        }
    }
}

/* Those that were left out first come first. */
static void tell_all(struct log_fold *f, const struct log *log)
{
    for (struct key *first;;) {
        first = NULL;
        for (size_t i = 0; i < KEYS; i++) {
            if (f->keys[i].repeat.count && (!first || f->keys[i].repeat.since < first->repeat.since))
                first = &f->keys[i];
        }
        if (!first)
            return;
        log_repeat_tell(&first->repeat, log);
    }
}

/* ---- a line comes ---- */

static struct key *find(struct log_fold *f)
{
    struct str alike = str_n(f->now.bytes.ptr, f->now.alike);
    for (size_t i = 0; i < KEYS; i++) {
        if (f->hashes[i] == f->now.hash && str_eq(str_n(f->keys[i].repeat.bytes.ptr, f->keys[i].repeat.alike), alike))
            return &f->keys[i];
    }
    return NULL;
}

/* A place for the line: one that is free, or that of the key that matters least. NULL: there is no memory. */
static struct key *take(struct log_fold *f, const struct log *log, enum log_level level)
{
    struct key *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < KEYS; i++) {
        struct key *k = &f->keys[i];
        int rank = !f->hashes[i] ? -1 : (k->repeat.count ? 4 : 0) + (int)k->repeat.level;
        if (!best || rank < best_rank || (rank == best_rank && k->used < best->used)) {
            best = k;
            best_rank = rank;
        }
    }
    if (best->repeat.count)
        log_repeat_tell(&best->repeat, log);
    forget(f, best);
    if (!log_repeat_begin(&best->repeat, &f->now, level))
        return NULL;
    f->hashes[best - f->keys] = f->now.hash;
    return best;
}

/* False: the line has to be written. */
static bool count_one(struct log_fold *f, const struct log *log, struct key *k, int64_t now)
{
    if (!log_repeat_count(&k->repeat, log, f->now.job, now))
        return false;
    atomic_fetch_add_explicit(&f->counted[k->repeat.level], 1, memory_order_relaxed);
    if (k->opened + f->window < f->due) {
        f->due = k->opened + f->window;
        if (f->waits)
            f->waits(f->data);
    }
    return true;
}

/* Is the line the same as the one before it, its job included? */
static bool follows(const struct log_fold *f, const struct key *k)
{
    const char *job = f->now.job ? f->now.job : "";
    return k == f->last && strcmp(f->last_job.ptr ? f->last_job.ptr : "", job) == 0;
}

/* The count of the line before comes before another line, where there are not too many of them. */
static void settle_last(struct log_fold *f, const struct log *log, const struct key *next)
{
    struct key *last = f->last;
    if (!last || last == next || !last->repeat.count || last->written >= WHOLE)
        return;
    log_repeat_tell(&last->repeat, log);
    last->written++;
}

static void note_last(struct log_fold *f, struct key *k)
{
    f->last = k;
    buf_reset(&f->last_job);
    buf_puts(&f->last_job, f->now.job ? f->now.job : "");
    if (f->last_job.failed)
        f->last = NULL;
}

/* Whether the line, which f->now tells of, is counted; else it has to be written. */
static bool counts(struct log_fold *f, const struct log *log, enum log_level level, int64_t now)
{
    struct key *k = find(f);
    bool goes_on = k && !has_ended(f, k, now);
    settle_last(f, log, k);
    if (goes_on && (k->written >= WHOLE || follows(f, k)) && count_one(f, log, k, now)) {
        k->used = now;
        note_last(f, k);
        return true;
    }
    if (k && k->repeat.count) {
        log_repeat_tell(&k->repeat, log);
        k->written++;
    }
    if (!k)
        k = take(f, log, level);
    if (k && !goes_on) {
        k->opened = now;
        k->written = 0;
    }
    if (k) {
        k->written++;
        k->used = now;
    }
    note_last(f, k);
    return false;
}

void log_fold_event(const struct log *log, enum log_level level, const char *message, const struct log_field *fields)
{
    struct log_fold *f = log->fold;
    pthread_mutex_lock(&f->lock);
    int64_t now = clock_now(log->clock);
    if (now >= f->due || now < f->seen)
        tick(f, log, now);
    f->seen = now;
    if (!f->window || !log_same_read(&f->now, level, message, fields)) {
        settle_last(f, log, NULL);
        f->last = NULL;
        log_write(log, level, message, fields);
    } else if (!counts(f, log, level, now)) {
        log_write(log, level, message, fields);
    }
    pthread_mutex_unlock(&f->lock);
}

/* ---- what its owner asks for ---- */

void log_fold_set(const struct log *log, int64_t window)
{
    struct log_fold *f = log->fold;
    pthread_mutex_lock(&f->lock);
    tell_all(f, log);
    for (size_t i = 0; i < KEYS; i++)
        forget(f, &f->keys[i]);
    f->due = INT64_MAX;
    f->window = window;
    pthread_mutex_unlock(&f->lock);
}

int64_t log_fold_window(const struct log *log)
{
    struct log_fold *f = log->fold;
    if (!f)
        return 0;
    pthread_mutex_lock(&f->lock);
    int64_t window = f->window;
    pthread_mutex_unlock(&f->lock);
    return window;
}

void log_fold_on_wait(struct log_fold *f, void (*waits)(void *data), void *data)
{
    pthread_mutex_lock(&f->lock);
    f->waits = waits;
    f->data = data;
    pthread_mutex_unlock(&f->lock);
}

int64_t log_fold_tick(const struct log *log)
{
    struct log_fold *f = log->fold;
    pthread_mutex_lock(&f->lock);
    tick(f, log, clock_now(log->clock));
    int64_t due = f->due;
    pthread_mutex_unlock(&f->lock);
    return due;
}

void log_fold_flush(const struct log *log)
{
    struct log_fold *f = log ? log->fold : NULL;
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    tell_all(f, log);
    f->due = INT64_MAX;
    pthread_mutex_unlock(&f->lock);
}

void log_fold_end(const struct log *log, const char *name, const char *json)
{
    struct log_fold *f = log ? log->fold : NULL;
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < KEYS; i++) {
        struct key *k = &f->keys[i];
        if (!f->hashes[i] || !log_same_has(k->repeat.bytes, name, json))
            continue;
        if (k->repeat.count)
            log_repeat_tell(&k->repeat, log);
        forget(f, k);
    }
    pthread_mutex_unlock(&f->lock);
}

uint64_t log_fold_counted(const struct log_fold *f, enum log_level level)
{
    return atomic_load(&f->counted[level]);
}
