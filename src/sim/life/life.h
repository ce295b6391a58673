/* SPDX-License-Identifier: Apache-2.0 */
/* How jobs start, run and end, and what a controller does with them. Without sim_options.life nothing happens here. */
#ifndef SIM_LIFE_LIFE_H
#define SIM_LIFE_LIFE_H
#include "sim/life/life_plan.h"
#include "sim/server/server.h"

struct life *life_new(struct sim *sim); /* NULL: without life */
void life_begin(struct sim *sim);       /* gives the jobs of the start their pods */
void life_free(struct life *life);
void life_notify(struct sim *sim, struct revision *rev); /* something has been written */
/* An object was stored as it is, and not by a client. A job is followed from now on, and gets the pods that it would
 * have. */
void life_placed(struct sim *sim, struct entry *entry, const struct life_plan *plan);
/* From now on the writes are not those of clients (true), or are again. Without life nothing happens. */
void life_hush(struct sim *sim, bool hush);
int64_t life_due(const struct sim *sim); /* simulated microseconds; INT64_MAX: nothing is due any more */
int64_t life_tick(struct sim *sim);      /* does what is due; returns the monotonic ms at which more is */
#endif
