/* SPDX-License-Identifier: Apache-2.0 */
/* How jobs start, run and end, and what a controller does with them. Without sim_options.life nothing happens here. */
#ifndef SIM_LIFE_LIFE_H
#define SIM_LIFE_LIFE_H
#include "sim/server/server.h"

struct life *life_new(struct sim *sim); /* NULL: without life */
void life_begin(struct sim *sim);       /* gives the jobs of the start their pods */
void life_free(struct life *life);
void life_notify(struct sim *sim, struct revision *rev); /* something has been written */
int64_t life_tick(struct sim *sim); /* does what is due; returns the monotonic ms at which more is */
#endif
