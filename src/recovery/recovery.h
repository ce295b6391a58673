/* SPDX-License-Identifier: Apache-2.0 */
/* At the start: what an earlier daemon left unfinished on a cluster. Each change that was in flight is looked up on the
 * server, and its row is closed: the change was done ("done-unseen"), was not done ("not-done"), or it cannot be told
 * ("lost"). Runs without an end are closed as interrupted and handed back, so that they can be finished. */
#ifndef MPIJOBD_RECOVERY_RECOVERY_H
#define MPIJOBD_RECOVERY_RECOVERY_H

#include "trigger/marks.h"

struct late_writes;
struct quarantine;
struct recovery;
struct site;

/* runs: those that have to be finished, the newest of each policy; valid during the call. err: the journal or the
 * server has failed (its codes are theirs), so try again. */
typedef void (*recovered)(void *data, const struct interrupted_run *runs, size_t count, const struct error *err);
/* What was left unfinished. */
struct recovery_of {
    const char *cluster; /* by its name */
    const char *trigger; /* of the run; "": not known */
    const char *server;  /* that the change was sent to; NULL: it is a run */
};
struct recovery_call {
    struct site *site;                                      /* its cluster has to be connected; outlives the recovery */
    struct late_writes *late;                               /* gets the writes that may still come; likewise */
    const struct quarantine *quarantine;                    /* who is to blame for a run without an end; NULL: nobody */
    bool (*mine)(void *data, const struct recovery_of *of); /* is it looked up here? Not asked of a shard */
    recovered done;                                         /* called once, later, unless it is cancelled */
    void (*over)(void *data, bool cancelled);               /* after that: the recovery is freed */
    void *data;
};
/* 0 or ERR_NOMEM, and then nothing is called. */
int recovery_start(const struct recovery_call *call, struct recovery **recovery, struct error *err);
void recovery_cancel(struct recovery *recovery); /* done is not called; it is over in a later turn of the loop */

#endif
