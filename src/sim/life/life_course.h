/* SPDX-License-Identifier: Apache-2.0 */
/* How TrainJobs, JobSets and Jobs end: by their deadline, by that of a child Job, or because their work is done. With
 * sim_options.kueue only. Annotations of a job: mpijob-sim/run-seconds, how long it runs before it ends by itself
 * (without it, for ever); mpijob-sim/outcome: succeed (the default) or fail. */
#ifndef SIM_LIFE_LIFE_COURSE_H
#define SIM_LIFE_LIFE_COURSE_H
#include "sim/server/server.h"

#include <json-c/json.h>

/* Ends the job doc, which runs, where it is due: its status, and the objects that it has made. Returns when it has to
 * be looked at again, in simulated microseconds: now, where it has ended; INT64_MAX: not before something is written.
 */
int64_t life_course(struct sim *sim, enum kind kind, const char *ns, const char *name, json_object *doc);
#endif
