/* SPDX-License-Identifier: Apache-2.0 */
/* What policies wrote to each job lately, and whether one more write would be a loop. */
#include "change/loops.h"

#include <stdio.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#define RECORDS 48    /* remembered of each job: the fields that were written last */
#define JOBS_MAX 1024 /* remembered: the jobs that were written to last */
#define STOPPED_MAX 8 /* policies, on one job */

/* One field of one write. Texts are kept as hashes, as they are only compared. */
struct record {
    char policy[64];
    uint64_t field, after, version;
    int64_t at;
    uint32_t depth; /* how many writes of policies, one after the other, led to it */
    bool by_event;
};

struct stopped {
    char policy[64];
    bool told;
};

struct loop_job {
    UT_hash_handle hh;
    struct loop_job *prev, *next; /* by their last write, oldest first */
    struct record *records;
    size_t count, cap;
    unsigned in_flight; /* writes of policies whose answers have not come yet */
    struct stopped stopped[STOPPED_MAX];
    size_t stopped_count;
    bool quarrel;  /* one policy is stopped, because of a writer that is no policy */
    int64_t until; /* ... and may go on from this instant */
    char why[1024];
    char uid[];
};

static uint64_t hash(struct str text)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * UINT64_C(1099511628211);
    return h;
}

static struct loop_job *find(const struct loops *loops, struct str uid)
{
    struct loop_job *job = NULL;
    if (loops->jobs && uid.len)
        HASH_FIND(hh, loops->jobs, uid.ptr, uid.len, job);
    return job;
}

static void let_go(struct loops *loops, struct loop_job *job)
{
    loops->stopped -= job->stopped_count != 0;
    job->stopped_count = 0;
    job->count = 0;
}

static void drop(struct loops *loops, struct loop_job *job)
{
    let_go(loops, job);
    HASH_DEL(loops->jobs, job);
    DL_DELETE(loops->list, job);
    loops->count--;
    free(job->records);
    free(job);
}

/* NULL: out of memory; then a loop may go one round further before it is found. */
static struct loop_job *find_or_make(struct loops *loops, struct str uid)
{
    struct loop_job *job = find(loops, uid);
    if (job || !uid.len)
        return job;
    job = calloc(1, sizeof *job + uid.len + 1);
    if (!job)
        return NULL;
    memcpy(job->uid, uid.ptr, uid.len);
    HASH_ADD_KEYPTR(hh, loops->jobs, job->uid, uid.len, job);
    if (!job->hh.tbl) {
        free(job);
        return NULL;
    }
    DL_APPEND(loops->list, job);
    if (++loops->count > JOBS_MAX)
        drop(loops, loops->list);
    return job;
}

/* ---- what was written ---- */

static uint32_t depth_of(const struct loop_job *job, struct str seen)
{
    uint64_t version = hash(seen);
    for (size_t i = job ? job->count : 0; i > 0; i--) {
        if (job->records[i - 1].version == version)
            return job->records[i - 1].depth + 1;
    }
    return 0;
}

static struct record *add_record(struct loop_job *job)
{
    if (job->count == RECORDS) {
        memmove(job->records, job->records + 1, (RECORDS - 1) * sizeof *job->records);
        job->count--;
    } else if (job->count == job->cap) {
        size_t cap = job->cap ? job->cap * 2 : 2;
        struct record *records = realloc(job->records, (cap < RECORDS ? cap : RECORDS) * sizeof *records);
        if (!records)
            return NULL;
        job->records = records;
        job->cap = cap < RECORDS ? cap : RECORDS;
    }
    return &job->records[job->count++];
}

static struct str value_of(const char *text)
{
    return text ? str_of(text) : str_of(" absent");
}

void loops_wrote(struct loops *loops, const struct loop_write *w, bool by_event, struct str version)
{
    struct loop_job *job = find_or_make(loops, w->uid);
    if (!job)
        return;
    DL_DELETE(loops->list, job);
    DL_APPEND(loops->list, job);
    uint32_t depth = depth_of(job, w->seen);
    for (size_t i = 0; i < w->diff->count; i++) {
        struct record *r = add_record(job);
        if (!r)
            return;
        *r = (struct record){.field = hash(str_of(w->diff->items[i].pointer)),
                             .after = hash(value_of(w->diff->items[i].after)),
                             .version = hash(version),
                             .at = w->now,
                             .depth = depth,
                             .by_event = by_event};
        snprintf(r->policy, sizeof r->policy, "%s", w->policy);
    }
}

void loops_begin(struct loops *loops, struct str uid)
{
    struct loop_job *job = find_or_make(loops, uid);
    if (job)
        job->in_flight++;
}

void loops_end(struct loops *loops, struct str uid)
{
    struct loop_job *job = find(loops, uid);
    if (job && job->in_flight) /* it may have been forgotten meanwhile */
        job->in_flight--;
}

/* ---- is it a loop? ---- */

static bool recent(const struct record *r, int64_t now)
{
    return r->at > now - LOOP_WINDOW && r->at <= now + LOOP_WINDOW; /* also where the clock was set back */
}

/* The other policy that wrote the field last (field 0: any field); NULL: no other policy did. */
static const char *other_policy(const struct loop_job *job, uint64_t field, const char *policy, int64_t now)
{
    for (size_t i = job->count; i > 0; i--) {
        const struct record *r = &job->records[i - 1];
        if (recent(r, now) && (!field || r->field == field) && strcmp(r->policy, policy) != 0)
            return r->policy;
    }
    return NULL;
}

static void stop(struct loop_job *job, const char *policy)
{
    for (size_t i = 0; i < job->stopped_count; i++) {
        if (strcmp(job->stopped[i].policy, policy) == 0)
            return;
    }
    if (job->stopped_count < STOPPED_MAX)
        snprintf(job->stopped[job->stopped_count++].policy, sizeof job->stopped->policy, "%s", policy);
}

static void stop_all(struct loops *loops, struct loop_job *job, const struct loop_write *w, const char *other)
{
    loops->stopped += job->stopped_count == 0;
    stop(job, w->policy);
    job->quarrel = !other;
    job->until = w->now + LOOP_WINDOW;
    for (size_t i = 0; other && i < job->count; i++) { /* three may be in the loop, too */
        if (recent(&job->records[i], w->now) && job->records[i].by_event)
            stop(job, job->records[i].policy);
    }
    if (other)
        stop(job, other);
}

/* "labels.team" for "/metadata/labels/team". */
static void field_name(const char *pointer, char *out, size_t size)
{
    const char *p = pointer;
    if (strncmp(p, "/metadata/", 10) == 0)
        p += 10;
    else if (*p == '/')
        p++;
    size_t n = 0;
    for (; *p && n + 1 < size; p++) {
        if (p[0] == '~' && (p[1] == '1' || p[1] == '0'))
            out[n++] = *++p == '1' ? '/' : '~';
        else
            out[n++] = *p == '/' ? '.' : *p;
    }
    out[n] = '\0';
}

#define CURE_LOOP                                                                                                      \
    "they leave this job alone until they are loaded again or another writer changes it. Give one of them a match "    \
    "that the other's change makes false"

static void found_back_and_forth(struct loops *loops, struct loop_job *job, const struct loop_write *w,
                                 const struct mpijob_difference *d)
{
    char field[160];
    const char *other = other_policy(job, hash(str_of(d->pointer)), w->policy, w->now);
    field_name(d->pointer, field, sizeof field);
    if (other)
        snprintf(job->why, sizeof job->why,
                 "policies \"%s\" and \"%s\" undo each other's change of %s of %s, again and again: " CURE_LOOP,
                 w->policy, other, field, w->job);
    else
        snprintf(
            job->why, sizeof job->why,
            "policy \"%s\" and a writer that is no policy (a controller, a person, another daemon) undo each other's "
            "change of %s of %s, again and again: the policy leaves this job alone for %d minutes, or until it is "
            "loaded again",
            w->policy, field, w->job, (int)(LOOP_WINDOW / CLOCK_SECOND / 60));
    stop_all(loops, job, w, other);
}

static void found_chain(struct loops *loops, struct loop_job *job, const struct loop_write *w)
{
    char field[160];
    const char *other = other_policy(job, 0, w->policy, w->now);
    field_name(w->diff->count ? w->diff->items[0].pointer : "", field, sizeof field);
    snprintf(job->why, sizeof job->why,
             "policies \"%s\" and \"%s\" answer each other's changes of %s (now %s), %d times in a row: " CURE_LOOP,
             w->policy, other ? other : w->policy, w->job, field, LOOP_DEPTH);
    stop_all(loops, job, w, other ? other : w->policy);
}

static bool detect(struct loops *loops, struct loop_job *job, const struct loop_write *w)
{
    for (size_t i = 0; i < w->diff->count; i++) {
        uint64_t field = hash(str_of(w->diff->items[i].pointer)), after = hash(value_of(w->diff->items[i].after));
        unsigned times = 0;
        for (size_t j = 0; j < job->count; j++) {
            const struct record *r = &job->records[j];
            times += r->by_event && r->field == field && r->after == after && recent(r, w->now);
        }
        if (times >= LOOP_TIMES) {
            found_back_and_forth(loops, job, w, &w->diff->items[i]);
            return true;
        }
    }
    if (depth_of(job, w->seen) < LOOP_DEPTH)
        return false;
    found_chain(loops, job, w);
    return true;
}

static struct stopped *stop_of(struct loop_job *job, const char *policy, int64_t now)
{
    if (!job || (job->quarrel && now >= job->until))
        return NULL;
    for (size_t i = 0; i < job->stopped_count; i++) {
        if (strcmp(job->stopped[i].policy, policy) == 0)
            return &job->stopped[i];
    }
    return NULL;
}

int loops_check(struct loops *loops, const struct loop_write *w, bool *told, struct error *err)
{
    struct loop_job *job = find(loops, w->uid);
    struct stopped *stopped = stop_of(job, w->policy, w->now);
    *told = stopped && stopped->told;
    if (job && !stopped && job->quarrel && job->stopped_count)
        let_go(loops, job);
    if (job && !stopped && detect(loops, job, w))
        stopped = stop_of(job, w->policy, w->now);
    if (!stopped)
        return 0;
    for (size_t i = 0; i < job->stopped_count; i++) /* one error names them all */
        job->stopped[i].told = true;
    error_set(err, ERR_REFUSED, "%s", job->why);
    if (err)
        snprintf(err->reason, sizeof err->reason, "Loop");
    return ERR_REFUSED;
}

bool loops_stopped(const struct loops *loops, struct str uid, const char *policy, int64_t now)
{
    return loops->stopped && stop_of(find(loops, uid), policy, now) != NULL;
}

const char *loops_why(const struct loops *loops, struct str uid, const char *policy, int64_t now, int64_t *until)
{
    struct loop_job *job = loops->stopped ? find(loops, uid) : NULL;
    if (!stop_of(job, policy, now))
        return NULL;
    *until = job->quarrel ? job->until : INT64_MAX;
    return job->why;
}

bool loops_know(const struct loops *loops, struct str uid)
{
    return find(loops, uid) != NULL;
}

bool loops_changed(struct loops *loops, struct str uid, struct str version)
{
    struct loop_job *job = find(loops, uid);
    if (!job || job->in_flight)
        return false;
    uint64_t v = hash(version);
    const char *first = job->count ? job->records[0].policy : NULL;
    bool several = false;
    for (size_t i = 0; i < job->count; i++) {
        if (job->records[i].version == v)
            return false;
        several = several || strcmp(job->records[i].policy, first) != 0;
    }
    if (job->stopped_count ? job->quarrel : !several)
        return false; /* in a quarrel, the other writer's next change must not make it forgotten */
    bool was = job->stopped_count != 0;
    let_go(loops, job);
    return was;
}

void loops_forget(struct loops *loops)
{
    struct loop_job *job, *next;
    DL_FOREACH_SAFE(loops->list, job, next)
    {
        drop(loops, job);
    }
}
