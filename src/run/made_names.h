/* SPDX-License-Identifier: Apache-2.0 */
/* Names of objects for which a script leaves the choice to the server (metadata.generateName). They are chosen here, so
 * that the name stands in the intent: a lost answer can be looked up, and the same creation made once more, by a run
 * that finishes an interrupted one, gets 409 AlreadyExists in place of a second object.
 *
 * The name follows from the policy, the instant that the run is for, the object that a loop of the script (over
 * run.jobs, a list or a watch) was given last, and what is created; of creations that are alike in all that, from how
 * many there were before. So it is the same also where the finishing run is given fewer jobs. */
#ifndef MPIJOBD_RUN_MADE_NAMES_H
#define MPIJOBD_RUN_MADE_NAMES_H

#include "run/run.h"
#include "json/value.h"

#define MADE_NAME_MAX 63 /* as of the server: longer prefixes are cut */

/* 0 or ERR_NOMEM. The order of an object's members does not count. */
int run_make_name(struct run *run, const char *prefix, struct json object, char out[MADE_NAME_MAX + 1],
                  struct error *err);
/* A loop of the script was given this object; an empty uid: the loop has ended. Nothing for a NULL run. */
void run_name_for(struct run *run, struct str uid);
void run_free_names(struct run *run);

#endif
