/* SPDX-License-Identifier: Apache-2.0 */
/* How many requests at once a server takes, found out by what becomes of them. There is nothing to set but the most.
 *
 * It begins with a few and doubles until the first trouble. From then on it is one more after each round (as many
 * answers as there may be requests), half after a refusal (429, or 503 with Retry-After) or a timeout, and a quarter
 * less after a round whose answers took several times as long as the fastest of their kind in the last minutes. Where
 * the server has refused, a limit is tried again only after a while, which doubles each time. What was sent before the
 * limit was lowered does not lower it once more. Where the server refuses although it has no other request, less at
 * once is no help: then nothing is sent for as long as it has asked for (a minute at most), or, where it says no time,
 * longer and longer until it has answered something. */
#ifndef MPIJOBD_KUBE_SEATS_CONCURRENCY_H
#define MPIJOBD_KUBE_SEATS_CONCURRENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/backoff.h"

#define CONCURRENCY_KINDS 16        /* kinds of request of which the times are known, each by itself */
#define CONCURRENCY_CALM_MS 30000   /* so long after the last trouble the server counts as well again */
#define CONCURRENCY_SLACK_US 100000 /* an answer that takes no longer is never slow */

enum concurrency_trouble { SERVER_WELL, SERVER_REFUSES, SERVER_TIMES_OUT, SERVER_SLOW };

struct concurrency_pace { /* how long one kind of request takes at best */
    uint32_t kind;
    int64_t least_us, before_us; /* in this window of time and in the one before; 0: none was seen */
};

struct concurrency { /* all but limit, ceiling and trouble is its own */
    unsigned limit, ceiling;
    enum concurrency_trouble trouble; /* of the last CONCURRENCY_CALM_MS */
    unsigned peak;                    /* the most under way since then */
    unsigned answers;                 /* good ones since the limit was last looked at */
    bool fixed, careful;
    struct backoff pause;
    unsigned refusals;                 /* pauses in a row, without an answer between them */
    unsigned refused_at;               /* requests at once, when the server last refused one; 0: never */
    uint64_t again_at, hold_ms;        /* when as many may be tried again; how long that was put off */
    uint64_t lowered_at, paused_until; /* these and the next: milliseconds of the owner's clock; 0: never */
    uint64_t trouble_at, troubled_since, progress_at;
    double strain; /* how many times as long as at best answers take, smoothed */
    struct concurrency_pace pace[CONCURRENCY_KINDS];
    uint64_t window_at;
};

/* ceiling: at least 1. pause_ms: the first pause where a server refuses everything and says no time; it doubles. 0: the
 * limit is the ceiling, whatever happens. */
void concurrency_init(struct concurrency *c, unsigned ceiling, uint64_t pause_ms);

struct concurrency_answer {
    uint32_t kind;       /* of requests that take alike; 0: how long it took tells nothing */
    uint64_t sent_at;    /* milliseconds */
    int64_t took_us;     /* microseconds */
    unsigned under_way;  /* requests, this one among them */
    int64_t retry_after; /* milliseconds; -1: not said */
};
/* One request has ended: with an answer; refused; without one for too long, which says something about the server where
 * it answered nothing else meanwhile. now: milliseconds. */
void concurrency_answered(struct concurrency *c, const struct concurrency_answer *a, uint64_t now);
void concurrency_refused(struct concurrency *c, const struct concurrency_answer *a, uint64_t now);
void concurrency_timed_out(struct concurrency *c, const struct concurrency_answer *a, uint64_t now);

/* Forgets a trouble that is long enough ago. True: it was forgotten just now. */
bool concurrency_calm(struct concurrency *c, uint64_t now);

#endif
