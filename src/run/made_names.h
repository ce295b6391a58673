/* SPDX-License-Identifier: Apache-2.0 */
/* Names of objects for which a script leaves the choice to the server (metadata.generateName). They are chosen here, so
 * that the name stands in the intent: a lost answer can be looked up, and the same creation made once more, by a run
 * that finishes an interrupted one, finds the object in place of making a second one.
 *
 * The name follows from the policy, the instant that the run is for, the job that the loop over run.jobs is at, the
 * object that another loop of the script (over a list or a watch) was given last, and all that is in what is created;
 * of creations that are alike in all that, from how many there were before. So it is the same also where the finishing
 * run is given fewer jobs, or creates what is missing only. What is another at each try, as a time is, cannot be told
 * from another object: it gets another name, since a second object is better than one that is told of and missing. */
#ifndef MPIJOBD_RUN_MADE_NAMES_H
#define MPIJOBD_RUN_MADE_NAMES_H

#include "run/run.h"
#include "json/value.h"

#define MADE_NAME_MAX 63 /* as of the server: longer prefixes are cut */

/* 0 or ERR_NOMEM. The order of an object's members does not count. `object` has no name. */
int run_make_name(struct run *run, const char *prefix, struct json object, char out[MADE_NAME_MAX + 1],
                  struct error *err);
/* The loop over run.jobs was given this job; an empty uid: it has ended. Other loops begin again with it. */
void run_name_for_job(struct run *run, struct str uid);
/* Another loop of the script was given this object; an empty uid: it has ended. Nothing for a NULL run. */
void run_name_for(struct run *run, struct str uid);
void run_free_names(struct run *run);

#endif
