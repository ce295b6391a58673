/* SPDX-License-Identifier: Apache-2.0 */
/* What Trainer and JobSet make of a job: the JobSet of a TrainJob, with one Job "NAME-node-0", and the Jobs
 * "NAME-REPLICATEDJOB-INDEX" of a JobSet. Only for jobs with the annotation mpijob-sim/parts, and with
 * sim_options.kueue. */
#ifndef SIM_LIFE_LIFE_PARTS_H
#define SIM_LIFE_LIFE_PARTS_H
#include "sim/server/server.h"

#include <json-c/json.h>

/* Makes what is missing, and puts `suspend` of what is there back to that of the job doc. */
void life_parts(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc);
/* The name of the first of its Jobs, to be freed; NULL: it has no parts. */
char *life_parts_first_job(enum kind kind, json_object *doc);
/* The job is gone, and its parts with it. */
void life_parts_remove(struct sim *sim, enum kind kind, const char *ns, const char *name);
#endif
