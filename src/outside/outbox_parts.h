/* SPDX-License-Identifier: Apache-2.0 */
/* What outbox.c (what waits) and deliver.c (how it goes) share. */
#ifndef MPIJOBD_OUTSIDE_OUTBOX_PARTS_H
#define MPIJOBD_OUTSIDE_OUTBOX_PARTS_H

#include "loop/timer.h"
#include "loop/work.h"
#include "outside/mail.h"
#include "outside/outbox.h"
#include "outside/outside_parts.h"
#include "outside/web.h"

struct post {
    struct outbox *outbox;
    struct post *prev, *next;
    struct notice notice;
    struct buf destination;
    char key[32]; /* of its row */
    uint64_t due; /* the loop's milliseconds */
    unsigned tries;
    unsigned writing; /* writes of its row under way */
    bool held;        /* its run goes on */
    bool sending;
    bool gone; /* delivered or given up; freed when nothing is under way for it */
    /* Of the delivery under way: */
    struct notice whole; /* with what its sink gives */
    struct web_request *request;
    struct work work;
    struct mail mail;
    const struct error *err; /* why it failed (error_keep); NULL: it did not */
    bool again;              /* of what fails at once */
    struct defer soon;
    /* Who waits for the first try; NULL: nobody does. */
    void (*tried)(void *data, const struct error *err);
    void *tried_data;
};

/* Where notifications go, and how it went there. */
struct destination {
    struct destination *next;
    struct buf name;
    char told[96];               /* the sink's name, or the type */
    uint64_t free_at, took_at;   /* the loop's milliseconds; took_at: it took one, 0: it never has */
    uint64_t probe_at;           /* with trouble: when a warning may be tried there again */
    int64_t since;               /* microseconds since 1970: of the trouble */
    const struct error *trouble; /* why it did not take the last one (error_keep); NULL: it did, or had none */
    bool busy;
};

struct outbox {
    struct outside *outside;
    struct post *posts; /* in the order in which they were made */
    size_t count;
    uint64_t numbers;
    struct deadline timer;
    struct reading_posts *reading;
    struct destination *destinations; /* list */
    struct metric *counted;
    bool stopped;
    void (*drained)(void *data); /* NULL: nobody waits */
    void *drained_data;
    uint64_t drain_until; /* the loop's milliseconds */
};

void outbox_look(struct outbox *outbox); /* sends what is due, and sets the timer */
void outbox_forget(struct post *post);   /* it is delivered, or given up */

/* ---- destinations.c ---- */
/* NULL: out of memory. Valid until the next call. */
struct destination *destination_of(struct outbox *b, const struct buf *name);
void destination_tried(struct destination *d, const struct post *p, const struct error *err); /* NULL: it took p */
void post_tried(struct post *p, const struct error *err); /* who waits for that hears of it */
/* Has it taken one within the last minute, and none failed since? */
bool destination_works(struct outbox *b, const struct buf *name);
/* May a notification be tried there that has to arrive? 0, or ERR_UNREACHABLE: it did not take the last one. */
int destination_check(struct outbox *b, const struct buf *name, struct error *err);
void destinations_free(struct outbox *b);

/* ---- outbox_rows.c ---- */
void outbox_read(struct outbox *outbox); /* what an earlier daemon has left; on another thread */
/* Its row as it is now, or none any more. done may be NULL. 0, or ERR_NOMEM: then it is not
 * called. */
int post_write(struct post *post, bool remove, void (*done)(void *data, const struct error *err), void *data,
               struct error *err);
/* A line of the log about it. */
void outbox_tell(const struct post *post, enum log_level level, const char *message, const struct error *err);
void post_settle(struct post *post); /* frees it where it is gone and nothing is under way for it */
void post_free(struct post *post);

/* ---- deliver.c ---- */
void deliver(struct post *post);
void deliver_stop(struct post *post);
/* deliver_done is called in outbox.c: err NULL: delivered; again: it may go better later; after_ms: not before, -1: the
 * server has not said. */
void deliver_done(struct post *post, const struct error *err, bool again, int64_t after_ms);

#endif
