/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's part in the state that replicas share, where one of them is elected (run_lead.h): it is taken over at
 * the beginning of each lead, before anything acts, and given up at its end. */
#ifndef MPIJOBD_CLI_RUN_RUN_SHARED_H
#define MPIJOBD_CLI_RUN_RUN_SHARED_H

#include "cli/run/run_import.h"
#include "cli/run/run_lead.h"
#include "limit/canary.h"
#include "loop/timer.h"
#include "pause/paused.h"
#include "shard/shard.h"
#include "shared/shared_form.h"

struct run_shared {
    struct shared *shared; /* NULL: each replica has a state of its own */
    struct session *session;
    struct lead *lead;
    struct lead_guest guest;
    struct paused paused; /* in memory, for the engine */
    struct canaries canaries;
    struct deadline again;
    unsigned failures;
    struct run_import import; /* of this daemon's file, at the first start with a shared state */
    bool alone;               /* of a shard: of what is in memory besides, only what waits for approval is of it */
    struct shard shard;       /* with that */
    bool leading, taking;
    struct defer down;                /* to step down, which must not happen within a call of `shared` */
    char down_why[ERROR_MESSAGE_MAX]; /* and why */
    bool once_more;                   /* it has to be taken over again when the present try has ended */
};

/* Opens the state that goes with that lead, named after its Lease, and has it taken over when it is led. alone: rows
 * alone, one of several. Errors as of shared_open; close it in any case. */
int run_shared_open(struct session *s, struct lead *lead, struct kube *kube, bool alone, struct run_shared *shared,
                    struct error *err);
/* Opens what outlives the daemon, or this replica of it; the store is open. Where there is an election, and the
 * configuration does not ask for a file, that is the shared state: it joins the lead, and what is in memory is empty
 * until it is read, before each lead is ready. Else that is read now, which blocks. Sets e->lead, state, paused and
 * canaries.
 * 0; errors as of run_lead_open, shared_open, pauses_read and canaries_open. Close both with the next, and then
 * run_lead_close, also after an error. */
int run_state_open(struct session *s, struct run_lead *lead, struct run_shared *shared, struct engine_options *e,
                   struct error *err);
/* For a single run, after that: what is paused is what the daemons of this configuration have paused, where they share
 * that in the cluster, which is read now. Where it cannot be, the log tells. */
void run_shared_paused(struct session *s, struct run_shared *shared);
/* Writes what waits, as far as it still may, and closes it: before the Lease is given back. */
void run_shared_close(struct run_shared *shared);
void run_state_free(struct run_shared *shared); /* what is in memory, when the engine has gone */

#endif
