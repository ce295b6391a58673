/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is at a server: no more than concurrency.h allows are under way, and what waits is asked for in a fair
 * order. Each policy has a queue of its own, and the queues take turns, so that one with 10,000 changes does not keep
 * one with a single change waiting. What a person waits for goes before what policies do by themselves, three for one
 * of theirs at most, so that these go on, too. Policies whose requests hang (a webhook that does not answer, say) get
 * half of the seats at most for a while, so that they cannot hold them all. What must not wait (SEAT_AHEAD) never does,
 * and does not count.
 *
 * A seat is the caller's, and all zero to begin with:
 *
 *     seats_take -> (false: seats_next will give it back) -> the request is sent -> seats_over
 *
 * seats_leave takes it out at any time. Times are milliseconds of the caller's clock. */
#ifndef MPIJOBD_KUBE_SEATS_SEATS_H
#define MPIJOBD_KUBE_SEATS_SEATS_H

#include <stddef.h>

#include "kube/seats/concurrency.h"

enum seat_rank { SEAT_ORDINARY, SEAT_PERSON, SEAT_AHEAD };
#define SEAT_QUEUES 2 /* ranks that wait */

struct seat_for {     /* for whom a request is made; all zero: for the daemon itself */
    const char *flow; /* the policy's name; NULL or "": none */
    enum seat_rank rank;
};

struct seat_flow;
struct seat {
    enum { SEAT_NONE, SEAT_WAITS, SEAT_HELD } place;
    uint64_t since; /* when it began to wait, or when it was given */
    /* Its own: */
    enum seat_rank rank;
    struct seat_flow *flow;
    struct seat *prev, *next;
};

struct seats {
    struct concurrency concurrency;
    unsigned under_way, waiting;
    /* Its own: */
    struct seat_flow *queues[SEAT_QUEUES]; /* of each rank: the flows that wait, the next one first */
    unsigned people_in_row;
};

void seats_init(struct seats *seats, unsigned ceiling, uint64_t pause_ms); /* as of concurrency_init */
void seats_close(struct seats *seats);                                     /* nothing waits or is under way */

/* True: it is under way. False: it waits; at the head of its policy's queue where first says so. */
bool seats_take(struct seats *seats, struct seat *seat, const struct seat_for *who, bool first, uint64_t now);
/* The next of those that wait, which is under way now; NULL: none may go yet. */
struct seat *seats_next(struct seats *seats, uint64_t now);
/* Milliseconds from now until seats_next may have one, though nothing ends; UINT64_MAX: it will not. */
uint64_t seats_pause(const struct seats *seats, uint64_t now);
/* How a request ended: SEAT_UNTOLD says nothing about the server. */
enum seat_end { SEAT_ANSWERED, SEAT_REFUSED, SEAT_TIMED_OUT, SEAT_UNTOLD };
struct seat_outcome {
    enum seat_end end;
    uint32_t kind; /* as of struct concurrency_answer, as the next two are */
    int64_t took_us;
    int64_t retry_after_ms;
};
void seats_over(struct seats *seats, struct seat *seat, const struct seat_outcome *outcome, uint64_t now);
/* It waits no more, or its request is no more, without a word about the server. Does nothing where it is neither. */
void seats_leave(struct seats *seats, struct seat *seat);

#endif
