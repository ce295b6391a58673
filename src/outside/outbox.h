/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications that wait to be delivered. Each is a row of the state file from the call that makes it until it is
 * delivered or given up, so a crash loses none, and the one that was under way comes twice. What is delivered blocks no
 * run.
 *
 * * Texts of one run for one destination wait for the run's end, and are one message. A destination is sent one message
 * at a time, and one a second; one that cannot be delivered is tried again, after 1 s and then twice as long each time
 * up to 5 min, for 24 hours. A server that says that it will never take it (most of 4xx) ends that at once. */
#ifndef MPIJOBD_OUTSIDE_OUTBOX_H
#define MPIJOBD_OUTSIDE_OUTBOX_H

#include "outside/notice.h"

struct outside;
struct outbox;

#define OUTBOX_MAX 1000       /* notifications that wait */
#define OUTBOX_POLICY_MAX 100 /* of one policy */
#define OUTBOX_GIVE_UP_US (INT64_C(86400) * 1000000)

/* A sink of the configuration. */
struct outbox_sink {
    const char *name;
    struct notice notice;
};

/* Reads on another thread what an earlier daemon has left. */
void outbox_start(struct outside *outside);
/* Takes the notice over (it is empty then). 0: done comes later, with err NULL when it is durable (with notice.surely,
 * delivered). ERR_INVALID, ERR_NOT_FOUND (no such sink), ERR_LIMIT, ERR_UNREACHABLE (with `surely`: its destination did
 * not take the last one), ERR_NOMEM: done is not called, and the notice is still the caller's. */
int outbox_add(struct outside *outside, struct notice *notice, void (*done)(void *data, const struct error *err),
               void *data, struct error *err);
/* Nobody waits any more for a delivery with that data. False: nobody did, and done comes. */
bool outbox_leave(struct outside *outside, const void *data);
/* Where notifications do not arrive: sink: its name, or the type; since: microseconds since 1970; waiting: how many
 * wait for it. The texts are valid during the call. */
void outbox_each_trouble(const struct outside *outside,
                         void (*visit)(void *data, const char *sink, int64_t since, const char *why, size_t waiting),
                         void *data);
/* What the run has said goes out. */
void outbox_run_ended(struct outside *outside, int64_t run);
/* done is called when all is delivered but what has failed three times, or after that time. */
void outbox_drain(struct outside *outside, uint64_t ms, void (*done)(void *data), void *data);
void outbox_stop(struct outside *outside);
void outbox_free(struct outside *outside);

#endif
