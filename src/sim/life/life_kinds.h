/* SPDX-License-Identifier: Apache-2.0 */
/* TrainJobs, JobSets and Jobs as their controllers keep them, as far as a client sees it who stops and resumes them:
 * pods that run, that go when the job is suspended, and come again. How they end: life_course.h. The JobSet of a
 * TrainJob and the Jobs of a JobSet: life_parts.h. With sim_options.kueue only. */
#ifndef SIM_LIFE_LIFE_KINDS_H
#define SIM_LIFE_LIFE_KINDS_H
#include "sim/server/server.h"

#include <json-c/json.h>

/* Is it an object that stands for itself, and not a part of another job? */
bool life_stands_alone(json_object *doc);
/* It has succeeded or failed. */
bool life_kind_ended(json_object *doc);
/* Its pods become what its spec says, and it ends where it is due. Returns when it has to be looked at again, in
 * simulated microseconds; INT64_MAX: not before something is written. */
int64_t life_kind_act(struct sim *sim, enum kind kind, const char *ns, const char *name);
#endif
