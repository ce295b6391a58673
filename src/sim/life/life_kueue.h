/* SPDX-License-Identifier: Apache-2.0 */
/* Kueue over jobs of all kinds, as its experiments show it: a job with the label of a queue gets a Workload and is
 * suspended until that is admitted; `suspend` is put back; spec.active of the Workload stops the job and starts it
 * again, but not where max-exec-time-seconds ran out; a Workload that is deleted is made again. With sim_options.kueue
 * only.
 *
 * Annotation of a job: mpijob-sim/admit-seconds, until its queue has room for it (0); "never". */
#ifndef SIM_LIFE_LIFE_KUEUE_H
#define SIM_LIFE_LIFE_KUEUE_H
#include "sim/server/server.h"

struct life_kueue;
struct life_kueue *life_kueue_new(struct sim *sim); /* NULL: without Kueue */
void life_kueue_free(struct life_kueue *k);
/* Something was written, but not by Kueue. k: may be NULL. */
void life_kueue_notify(struct life_kueue *k, struct sim *sim, struct revision *rev);
int64_t
life_kueue_due(const struct life_kueue *k); /* simulated microseconds; INT64_MAX: nothing is due. NULL: likewise */
/* The job that is due first is new: its webhook comes before any controller. */
bool life_kueue_new_job(const struct life_kueue *k);
/* Does what is due for the job that is due first. */
void life_kueue_act(struct life_kueue *k, struct sim *sim);
#endif
