/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this floor share. */
#ifndef MPIJOBD_EVENTS_EVENTS_PARTS_H
#define MPIJOBD_EVENTS_EVENTS_PARTS_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "events/events.h"
#include "kube/verbs.h"
#include "loop/defer.h"
#include "loop/timer.h"

#define EVENT_NAME_MAX 253

struct posted; /* one that waits, or is under way */

/* An event that was written lately, or is to be. */
struct known_event {
    uint64_t key;
    int64_t stamp;       /* makes its name; 0: it was not written */
    int64_t first, last; /* microseconds since 1970 */
    int64_t count;
    struct posted *waits; /* tells of it next; NULL: nothing does */
    bool under_way;       /* a request about it is */
    UT_hash_handle hh;
};

struct job_bucket {
    uint64_t key;
    double tokens;
    uint64_t at; /* milliseconds of events_now */
    UT_hash_handle hh;
};

struct closed_place { /* where nothing may be written */
    char name_space[64];
    uint64_t until; /* milliseconds of events_now */
    struct closed_place *next;
};

struct posted {
    struct events *events;
    struct posted *prev, *next;
    uint64_t key;
    char *texts;
    const char *api_version, *kind, *name_space, *name, *uid, *resource_version, *reason;
    char *text;
    bool warning;
    bool creates; /* this try makes the event; else it counts one up */
    bool waits;   /* it is not under way */
    int64_t stamp, first, last, count;
    unsigned tries;
    struct kube_request *request;           /* while it is under way */
    void (*done)(void *data, bool written); /* NULL: nobody hears */
    void *data;
    bool written;
};

struct events {
    struct site *site;
    char *by;
    struct posted *list; /* in order, those under way among them */
    size_t waiting, under_way;
    struct known_event *known; /* the oldest first */
    struct job_bucket *jobs;   /* likewise */
    struct closed_place *places;
    size_t place_count;
    double tokens;
    uint64_t tokens_at;   /* milliseconds of events_now */
    uint64_t pause_until; /* the server could not be reached: the loop's milliseconds */
    unsigned failures;    /* in a row */
    int64_t stamp;        /* the newest */
    struct defer turn;
    struct deadline timer; /* while `open` */
    bool open, closing;    /* it is counted on the site; ... and its timer is being closed */
    bool flushing, over;   /* over: nothing is sent any more */
    uint64_t flush_until;  /* the loop's milliseconds */
    bool told_failed, told_refused, told_full;
    struct metric *counted;
};

uint64_t events_now(const struct events *events); /* milliseconds: the loop's, or those of a test's clock */
/* What keeps events from being written. */
void events_say(const struct events *events, const char *message, const char *name_space, const char *reason);
void events_count(struct events *events, const char *outcome);
void events_soon(struct events *events); /* looks at what waits, in the loop's next turn */
void posted_free(struct posted *posted); /* takes it out of the list */

/* ---- known.c ---- */
uint64_t event_key(const struct event *event);
/* Made at the first call for a key. NULL: out of memory. */
struct known_event *event_known(struct events *events, uint64_t key);
struct known_event *event_known_find(struct events *events, uint64_t key); /* NULL: there is no such one */
bool event_job_may(struct events *events, struct str uid);                 /* takes a token of the job's */
bool event_daemon_may(struct events *events, uint64_t *wait_ms);           /* takes one of the daemon's */
void event_place_close(struct events *events, const char *name_space, bool *first);
bool event_place_closed(struct events *events, const char *name_space);
void event_known_free(struct events *events);

/* ---- event_body.c ---- */
void event_name(const struct posted *posted, char out[EVENT_NAME_MAX + 1]);
void event_body(const struct posted *posted, struct buf *out);

/* ---- event_send.c ---- */
void event_send(struct posted *posted);

#endif
