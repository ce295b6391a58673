/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes Events on jobs. Whoever adds one does not wait for it, and hears nothing of it: events are sent behind
 * everything else, counted, and dropped where they cannot be written.
 *
 * Bounds: an event that is the same as an earlier one counts that one up; a job has EVENTS_JOB_BURST at once and then
 * one each EVENTS_JOB_EVERY_MS; a daemon sends EVENTS_BURST at once and then EVENTS_RATE a second to one server;
 * EVENTS_WAITING_MAX wait. All calls are on the loop's thread; in each of them events may be NULL: nothing is then
 * written. */
#ifndef MPIJOBD_EVENTS_EVENTS_H
#define MPIJOBD_EVENTS_EVENTS_H

#include "base/metrics.h"
#include "mpijob/view.h"
#include "site/site.h"

#define EVENTS_TEXT_MAX 1024 /* bytes of a message: what an API server takes of an event of events.k8s.io */
#define EVENTS_REASON_MAX 64 /* bytes of a reason: half of what it takes */
#define EVENTS_WAITING_MAX 2000
#define EVENTS_RATE 25 /* a second */
#define EVENTS_BURST 100
#define EVENTS_JOB_BURST 25
#define EVENTS_JOB_EVERY_MS 300000

struct event {                     /* everything is copied */
    const struct mpijob_view *job; /* which it is about */
    const char *reason;            /* one word for machines: "Replaced" */
    bool warning;                  /* of type Warning; else Normal */
    struct str text;               /* a longer one is cut at a character's end, control characters are made visible */
    struct str same;               /* what it is told from others by; empty: text */
    void (*done)(void *data, bool written); /* called once, later, where events_add has taken it; NULL: not called */
    void *data;
};

struct events;
/* site outlives it, and has its cluster. by: the person whose changes they tell of, "" where the name is not known; a
 * person hears nothing of what keeps them from being written. NULL: policies. metrics NULL: nothing is counted. NULL:
 * out of memory. */
struct events *events_new(struct site *site, const char *by, struct metrics *metrics);
/* Nothing of it may be open any more (site->open). */
void events_free(struct events *events);

/* False: it is not written, as a bound was reached (with `done` also where the same event waits already). True promises
 * nothing. */
bool events_add(struct events *events, const struct event *event);
/* NULL: policies. */
const char *events_by(const struct events *events);
/* The end is near: what waits goes without pauses and second tries, and what is left after ms is dropped. The site
 * counts it as open until then. */
void events_flush(struct events *events, uint64_t ms);

/* Appends a text as an event's message may be: whole characters, `most` bytes with what is there. A longer one ends in
 * "...". */
void event_text_add(struct buf *out, struct str text, size_t most);

#endif
