/* Jobs moving on, and what a controller does about them. */
#ifndef SIM_LIFE_LIFE_H
#define SIM_LIFE_LIFE_H
#include "sim/server/server.h"

struct life *life_new(struct sim *sim);
void life_begin(struct sim *sim); /* gives the jobs that are there their pods */
void life_free(struct life *life);
void life_notify(struct sim *sim, struct revision *rev); /* something was written */
int64_t life_tick(struct sim *sim); /* does what is due; returns the monotonic ms of the next thing */
#endif
