/* SPDX-License-Identifier: Apache-2.0 */
/* Of policies that are being led in (limit/canary.h) the plan shows the next step, by the state of a daemon; without
 * one each begins with its first step. What waits for later steps is told here. */
#ifndef MPIJOBD_CLI_PLAN_PLAN_STEPS_H
#define MPIJOBD_CLI_PLAN_PLAN_STEPS_H

#include "cli/session/session.h"
#include "limit/canary.h"
#include "run/run.h"

struct plan_step;
struct plan_steps { /* zeroed at the beginning */
    struct canaries canaries;
    struct plan_step *list;
};

/* reader: of the state; NULL: no daemon has left one. Blocks. Errors as of canaries_open. */
int plan_steps_open(struct plan_steps *steps, struct store *reader, struct error *err);
/* A run of the plan has ended. */
void plan_steps_ended(struct plan_steps *steps, const struct run *run);
/* A line for each such policy, on standard error. */
void plan_steps_tell(const struct plan_steps *steps);
void plan_steps_free(struct plan_steps *steps);

#endif
