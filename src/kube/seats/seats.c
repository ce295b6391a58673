/* SPDX-License-Identifier: Apache-2.0 */
/* The queues, one a policy in each rank, and who of them is next. */
#include "kube/seats/seats.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define PEOPLE_IN_ROW 3

struct seat_flow {
    struct seat_flow *prev, *next;
    struct seat *waiting; /* the next one first */
    unsigned held;        /* seats that it has */
    uint64_t hung_at;     /* when one of its requests was last given up without an answer; 0: never */
    char name[];
};

void seats_init(struct seats *seats, unsigned ceiling, uint64_t pause_ms)
{
    *seats = (struct seats){0};
    concurrency_init(&seats->concurrency, ceiling, pause_ms);
}

/* ---- the queues ---- */

static bool hangs(const struct seat_flow *flow, uint64_t now)
{
    return flow->hung_at && now < flow->hung_at + CONCURRENCY_CALM_MS;
}

static void drop_flow(struct seats *seats, enum seat_rank rank, struct seat_flow *flow)
{
    DL_DELETE(seats->queues[rank], flow);
    free(flow);
}

/* Looking for it, it drops those that are no more than remembered, and long enough. */
static struct seat_flow *flow_named(struct seats *seats, enum seat_rank rank, const char *name, uint64_t now)
{
    struct seat_flow *flow, *next;
    DL_FOREACH_SAFE(seats->queues[rank], flow, next)
    {
        if (strcmp(flow->name, name) == 0)
            return flow;
        if (!flow->waiting && !flow->held && !hangs(flow, now))
            drop_flow(seats, rank, flow);
    }
    flow = calloc(1, sizeof *flow + strlen(name) + 1);
    if (!flow)
        return seats->queues[rank]; /* without memory it shares a queue */
    memcpy(flow->name, name, strlen(name) + 1);
    DL_APPEND(seats->queues[rank], flow);
    return flow;
}

/* Its flow goes where nothing of it waits or has a seat, and nothing has hung. */
static void leave_flow(struct seats *seats, struct seat *seat)
{
    struct seat_flow *flow = seat->flow;
    seat->flow = NULL;
    if (flow && !flow->waiting && !flow->held && !flow->hung_at)
        drop_flow(seats, seat->rank, flow);
}

void seats_close(struct seats *seats)
{
    for (enum seat_rank rank = 0; rank < SEAT_QUEUES; rank++)
        while (seats->queues[rank])
            drop_flow(seats, rank, seats->queues[rank]);
}

static void line_up(struct seats *seats, struct seat *seat, bool first)
{
    if (first)
        DL_PREPEND(seat->flow->waiting, seat);
    else
        DL_APPEND(seat->flow->waiting, seat);
    seat->place = SEAT_WAITS;
    seats->waiting++;
}

static void step_out(struct seats *seats, struct seat *seat)
{
    DL_DELETE(seat->flow->waiting, seat);
    seat->place = SEAT_NONE;
    seats->waiting--;
}

static void sit_down(struct seats *seats, struct seat *seat)
{
    seat->place = SEAT_HELD;
    if (seat->rank == SEAT_AHEAD)
        return;
    seats->under_way++;
    if (seat->flow)
        seat->flow->held++;
}

/* ---- who is next ---- */

static bool room(const struct seats *seats, uint64_t now)
{
    return seats->under_way < seats->concurrency.limit && now >= seats->concurrency.paused_until;
}

/* May flows whose requests hang have one more seat? They get half of all together, so that the rest can go on. */
static bool room_to_hang(const struct seats *seats, uint64_t now)
{
    unsigned held = 0, half = seats->concurrency.limit / 2;
    for (size_t rank = 0; rank < SEAT_QUEUES; rank++) {
        const struct seat_flow *flow;
        DL_FOREACH(seats->queues[rank], flow)
        held += hangs(flow, now) ? flow->held : 0;
    }
    return held < (half ? half : 1);
}

bool seats_take(struct seats *seats, struct seat *seat, const struct seat_for *who, bool first, uint64_t now)
{
    seat->rank = who->rank;
    seat->since = now;
    if (seat->rank != SEAT_AHEAD)
        seat->flow = flow_named(seats, seat->rank, who->flow ? who->flow : "", now);
    bool at_once = !seat->flow; /* it never waits, or there is no memory for a queue */
    if (!at_once && !seats->waiting && room(seats, now))
        at_once = !hangs(seat->flow, now) || room_to_hang(seats, now);
    if (at_once)
        sit_down(seats, seat);
    else
        line_up(seats, seat, first);
    return at_once;
}

static struct seat_flow *next_flow(const struct seats *seats, enum seat_rank rank, bool may_hang, uint64_t now)
{
    struct seat_flow *flow;
    DL_FOREACH(seats->queues[rank], flow)
    {
        if (flow->waiting && (may_hang || !hangs(flow, now)))
            return flow;
    }
    return NULL;
}

static struct seat_flow *choose(struct seats *seats, uint64_t now)
{
    bool may_hang = room_to_hang(seats, now);
    struct seat_flow *policy = next_flow(seats, SEAT_ORDINARY, may_hang, now),
                     *person = next_flow(seats, SEAT_PERSON, may_hang, now);
    bool people = person && !(policy && seats->people_in_row >= PEOPLE_IN_ROW);
    seats->people_in_row = people ? seats->people_in_row + 1 : 0;
    return people ? person : policy;
}

struct seat *seats_next(struct seats *seats, uint64_t now)
{
    if (!seats->waiting || !room(seats, now))
        return NULL;
    struct seat_flow *flow = choose(seats, now);
    if (!flow)
        return NULL;
    struct seat *seat = flow->waiting;
    DL_DELETE(seats->queues[seat->rank], flow); /* its next one waits for the others */
    DL_APPEND(seats->queues[seat->rank], flow);
    step_out(seats, seat);
    seat->since = now;
    sit_down(seats, seat);
    return seat;
}

uint64_t seats_pause(const struct seats *seats, uint64_t now)
{
    uint64_t until = seats->concurrency.paused_until;
    return seats->waiting && until > now ? until - now : UINT64_MAX;
}

/* ---- its end ---- */

void seats_leave(struct seats *seats, struct seat *seat)
{
    if (seat->place == SEAT_WAITS) {
        step_out(seats, seat);
    } else if (seat->place == SEAT_HELD && seat->rank != SEAT_AHEAD) {
        seats->under_way--;
        if (seat->flow)
            seat->flow->held--;
    }
    seat->place = SEAT_NONE;
    leave_flow(seats, seat);
}

void seats_over(struct seats *seats, struct seat *seat, const struct seat_outcome *outcome, uint64_t now)
{
    struct concurrency_answer a = {.kind = outcome->kind,
                                   .sent_at = seat->since,
                                   .took_us = outcome->took_us,
                                   .under_way = seats->under_way,
                                   .retry_after = outcome->retry_after_ms};
    bool counts = seat->place == SEAT_HELD && seat->rank != SEAT_AHEAD;
    if (counts && seat->flow && outcome->end == SEAT_TIMED_OUT)
        seat->flow->hung_at = now;
    seats_leave(seats, seat);
    if (!counts)
        return;
    if (outcome->end == SEAT_ANSWERED)
        concurrency_answered(&seats->concurrency, &a, now);
    else if (outcome->end == SEAT_REFUSED)
        concurrency_refused(&seats->concurrency, &a, now);
    else if (outcome->end == SEAT_TIMED_OUT)
        concurrency_timed_out(&seats->concurrency, &a, now);
}
