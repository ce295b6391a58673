/* SPDX-License-Identifier: Apache-2.0 */
/* A run whose policy asks before it writes (`approval`): its changes are kept as a plan at their gate and not sent, and
 * the run ends as "waiting". What becomes of the plan is the owner's of the runs (approval/approvals.h). */
#ifndef MPIJOBD_RUN_PROPOSE_H
#define MPIJOBD_RUN_PROPOSE_H

#include "run/run.h"

/* Does it only propose by now? */
bool run_proposes(const struct run *run);
/* It would exceed a limit of its policy: may it propose what it would write? From then on it does. */
bool run_propose_over_limit(struct run *run);
/* At the gate: keeps the change. key: the job's; told_as: what people see in its place. 0; ERR_REFUSED: no plan can
 * wait here; ERR_NOMEM. */
int run_propose(struct run *run, const char *key, const char *told_as, const struct change_intent *intent,
                struct error *err);
/* Does the object wait already, in the plan of an earlier run of this policy? */
bool run_waits(const struct run *run, const struct change_intent *intent);
/* Nothing of the run is under way any more. True: its plan is being written down, and run_check_end comes again. */
bool run_propose_end(struct run *run);
void run_propose_free(struct run *run);

#endif
