/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of a run: each is counted, limited by the run's limits, a dry run where the run is one, and written to
 * the journal under the run. */
#ifndef MPIJOBD_RUN_RUN_CHANGE_H
#define MPIJOBD_RUN_RUN_CHANGE_H

#include "change/change.h"
#include "run/run.h"

struct run_change;

/* As change_start, as a part of the run. The call's dry_run, destructive, wait_effect_ms and through_child are
 * joined with those of the policy; its run, policy, gate and `handled` row are set here. The run_change frees itself
 * after done. 0; ERR_REFUSED: the run only reads; or ERR_NOMEM, and then done is not called. */
int run_change_start(struct run *run, struct change_call *call, struct run_change **change, struct error *err);
/* The caller goes away: done is not called any more, and the change is cancelled. */
void run_change_detach(struct run_change *change);

/* The changes that only wait for their effect by now end soon. */
void run_changes_stop_waiting(struct run *run);
/* The run is being stopped, or its script has failed: what still waits for its turn to be written is not. May end the
 * run where its script has ended. */
void run_changes_hold_back(struct run *run);
/* Gives up the changes that are under way (change_abandon). */
void run_changes_abandon(struct run *run);

#endif
