/* SPDX-License-Identifier: Apache-2.0 */
/* What the controllers do with the fields of an MPIJob, as it was measured on the real ones. */
#ifndef SIM_LIFE_RULES_H
#define SIM_LIFE_RULES_H
#include "sim/server/server.h"

enum rules { RULES_V1ALPHA2, RULES_V1, RULES_TRAINING, RULES_V2BETA1, RULES_CCI };
enum cleanup { CLEAN_NONE, CLEAN_RUNNING, CLEAN_ALL, CLEAN_INVALID };

enum rules rules_of(const struct sim *sim, json_object *job); /* which controller acts on it */
/* CCI is v1alpha2 with another default of cleanPodPolicy; it documents no other difference. */
static inline bool rules_alpha(enum rules r)
{
    return r == RULES_V1ALPHA2 || r == RULES_CCI;
}
enum cleanup rules_cleanup(enum rules r, json_object *job); /* CLEAN_INVALID: v2beta1 ignores the job */
bool rules_suspended(enum rules r, json_object *job);       /* it is wanted, and the controller knows the field */
bool rules_released(enum rules r, json_object *job);        /* managedBy names another controller */
bool rules_poisonous(enum rules r, json_object *job);       /* it has a value that stops the controller for all jobs */
bool rules_launcher_is_job(enum rules r);                   /* a Job of batch/v1; otherwise a Pod */
/* Seconds. What goes into the spec of the launcher Job; -1: nothing. */
int64_t rules_deadline_at_launch(enum rules r, json_object *job);
int64_t rules_ttl_at_launch(enum rules r, json_object *job);
/* Seconds. training-operator judges these at every event. *given: there is a deadline. After the TTL (-1: never) the
 * MPIJob itself is deleted. */
int64_t rules_live_deadline(enum rules r, json_object *job, bool *given);
int64_t rules_live_ttl(enum rules r, json_object *job);
const char *rules_deadline_reason(enum rules r, bool of_the_job); /* otherwise that of its launcher */
/* The labels of a pod. index: of a worker; -1: it has none. */
void rules_labels(enum rules r, const char *job, const char *role, int index, json_object *labels);
#endif
