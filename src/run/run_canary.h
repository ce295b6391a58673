/* SPDX-License-Identifier: Apache-2.0 */
/* A run of a policy that is being led in (limit/canary.h): how much of it may be, and how the step has gone. */
#ifndef MPIJOBD_RUN_RUN_CANARY_H
#define MPIJOBD_RUN_RUN_CANARY_H

#include "limit/canary.h"
#include "run/run.h"

/* The state of the policy on that site; NULL: it has no canary, none is kept there, or there is no memory. */
struct canary_state *run_canary_of(const struct site *site, const struct policy *policy);
/* Of n jobs that would be changed, how many the run may change. Where these are some and not all, a step begins. A dry
 * run of a program that ends with its runs is allowed what the next step would be, and tells it (run.step_next). */
int64_t run_canary_allow(struct run *run, int64_t n);
/* Nothing is under way any more: was the step good? If not, run->broke says so. */
void run_canary_end(struct run *run);
/* Where the effects are kept that a step of it waits for; NULL: none are waited for. */
struct store *run_canary_keeps(const struct site *site, const struct policy *policy);
/* After a restart: an effect of its step is looked for again. */
void run_canary_await_again(const struct site *site, const struct policy *policy);
/* A change of the policy is watched for its effect. */
void run_canary_await(const struct site *site, const struct policy *policy);
/* That was seen, or not. True: with that its step has failed. */
bool run_canary_effect(const struct site *site, const struct policy *policy, bool seen);

#endif
