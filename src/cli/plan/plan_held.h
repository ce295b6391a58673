/* SPDX-License-Identifier: Apache-2.0 */
/* What holds up, now, what the plan shows: a freeze, a policy's window, and the ceiling over all policies. */
#ifndef MPIJOBD_CLI_PLAN_PLAN_HELD_H
#define MPIJOBD_CLI_PLAN_PLAN_HELD_H

#include "cli/session/session.h"
#include "run/run.h"

struct plan_held {   /* zeroed at the beginning */
    int64_t changes; /* of runs that no limit stops by themselves, and that a daemon would do */
};

/* A run has ended. paused: its policy is, so that it does nothing. */
void plan_held_ended(struct plan_held *held, const struct run *run, bool paused);
/* On standard error: changes are frozen, or which policies are outside their windows, and until when. */
void plan_held_tell_closed(const struct session *s);
/* Are the changes of all policies together more than the ceiling of an hour leaves? */
bool plan_held_over(const struct plan_held *held, const struct session *s);
void plan_held_tell_over(const struct plan_held *held, const struct session *s); /* if so, on standard error */

#endif
