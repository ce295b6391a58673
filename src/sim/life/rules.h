/* What the controllers make of an MPIJob's fields, as facts measured on the real ones say (effects by version). */
#ifndef SIM_LIFE_RULES_H
#define SIM_LIFE_RULES_H
#include "sim/server/server.h"

enum rules { RULES_V1ALPHA2, RULES_V1, RULES_TRAINING, RULES_V2BETA1, RULES_CCI };
enum cleanup { CLEAN_NONE, CLEAN_RUNNING, CLEAN_ALL, CLEAN_INVALID };

enum rules rules_of(const struct sim *sim, json_object *job); /* whose job it is */
/* v1alpha2 here and there: CCI documents another default of cleanPodPolicy, no more. */
static inline bool rules_alpha(enum rules r)
{
    return r == RULES_V1ALPHA2 || r == RULES_CCI;
}
enum cleanup rules_cleanup(enum rules r, json_object *job);       /* INVALID: v2beta1 stops looking at the job */
bool rules_suspended(enum rules r, json_object *job);             /* wanted, and the controller knows the field */
bool rules_released(enum rules r, json_object *job);              /* managedBy somebody else */
bool rules_poisonous(enum rules r, json_object *job);             /* a value that stops the controller for all jobs */
bool rules_launcher_is_job(enum rules r);                         /* a batch/v1 Job; otherwise a Pod */
int64_t rules_deadline_at_launch(enum rules r, json_object *job); /* goes into the launcher Job; -1: none */
int64_t rules_ttl_at_launch(enum rules r, json_object *job);
int64_t rules_live_deadline(enum rules r, json_object *job, bool *given); /* judged at every event: training-operator */
int64_t rules_live_ttl(enum rules r, json_object *job);                   /* deletes the MPIJob itself; -1: none */
const char *rules_deadline_reason(enum rules r, bool of_the_job);         /* or of its launcher */
void rules_labels(enum rules r, const char *job, const char *role, int index, json_object *labels);
#endif
