/* SPDX-License-Identifier: Apache-2.0 */
/* At the start: what an earlier daemon left unfinished on a cluster. Each change that was in flight is looked up on the
 * server, and its row is closed: the change was done ("done-unseen"), was not done ("not-done"), or it cannot be told
 * ("lost"). Runs without an end are closed as interrupted and handed back, so that they can be finished. */
#ifndef MPIJOBD_ENGINE_RECOVERY_H
#define MPIJOBD_ENGINE_RECOVERY_H

#include "engine/engine_parts.h"

struct recovery;

/* runs: those that have to be finished, the newest of each policy; valid during the call. err: the journal or the
 * server has failed (its codes are theirs), so try again. */
typedef void (*recovered)(void *data, const struct interrupted_run *runs, size_t count, const struct error *err);
/* The cluster has to be connected. done is called once, later; the recovery frees itself. 0 or ERR_NOMEM, and then done
 * is not called. */
int recovery_start(struct engine_cluster *at, recovered done, void *data, struct recovery **recovery,
                   struct error *err);
void recovery_cancel(struct recovery *recovery); /* done is not called; it ends in a later turn of the loop */

#endif
