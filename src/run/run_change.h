/* The changes of a run, under way: each is counted, bounded by the run's limits, dry when the run is, and journalled
 * under it. */
#ifndef MPIJOBD_RUN_RUN_CHANGE_H
#define MPIJOBD_RUN_RUN_CHANGE_H

#include "change/change.h"
#include "run/run.h"

struct run_change;

/* As change_start, as a part of the run. call's dry_run, destructive, wait_effect_ms and through_launcher are joined
 * with the policy's; run, policy, gate and what is handled are set here. ERR_NOMEM. */
int run_change_start(struct run *run, struct change_call *call, struct run_change **change, struct error *err);
/* The caller goes away: its done is not called any more, the change ends on its own. */
void run_change_detach(struct run_change *change);

/* Those that only wait for their effect any more end soon. */
void run_changes_stop_waiting(struct run *run);
/* Gives up those that are under way. */
void run_changes_abandon(struct run *run);

#endif
