/* SPDX-License-Identifier: Apache-2.0 */
/* The status of an MPIJob, as its controller writes it. */
#ifndef SIM_LIFE_LIFE_STATUS_H
#define SIM_LIFE_LIFE_STATUS_H
#include "sim/life/life_pods.h"

json_object *life_conditions(json_object *doc); /* the list in its status, which is made if it is missing */
json_object *life_condition(json_object *job, const char *type); /* a part of job, or NULL */
bool life_holds(json_object *job, const char *type); /* there is such a condition, and its status is "True" */
/* message: what follows the name of the job. */
void life_set_condition(struct crew *c, const char *type, bool on, const char *reason, const char *message);
/* launcher: "active", "succeeded" or "failed". workers: the number of workers is written, too. */
void life_set_counts(struct crew *c, const char *launcher, bool workers);
void life_stamp(struct crew *c, const char *name); /* status.NAME becomes the simulated time */
void life_save(struct crew *c);                    /* stores a copy of c->doc */
#endif
