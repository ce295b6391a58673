/* SPDX-License-Identifier: Apache-2.0 */
/* What each controller does with the fields of an MPIJob. */
#include "sim/life/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_object *policy(json_object *job)
{
    return doc_path(job, "spec", "runPolicy");
}

/* Where several versions are served, the version that the job was written in decides. */
enum rules rules_of(const struct sim *sim, json_object *job)
{
    if (sim->opt.profile == SIM_CCI)
        return RULES_CCI;
    enum rules v1 = sim->opt.controller == SIM_TRAINING_OPERATOR ? RULES_TRAINING : RULES_V1;
    int served = sim->served[V1ALPHA2] + sim->served[V1] + sim->served[V2BETA1];
    if (served == 1)
        return sim->served[V1ALPHA2] ? RULES_V1ALPHA2 : sim->served[V1] ? v1 : RULES_V2BETA1;
    json_object *managed = doc_path(job, "metadata", "managedFields");
    const char *version = managed ? doc_str(json_object_array_get_idx(managed, 0), "apiVersion") : NULL;
    if (version && strstr(version, "/v2beta1"))
        return RULES_V2BETA1;
    if (version && strstr(version, "/v1alpha2"))
        return RULES_V1ALPHA2;
    if (version)
        return v1;
    return policy(job) && !doc_path(job, "spec", "cleanPodPolicy") ? RULES_V2BETA1 : RULES_V1ALPHA2;
}

enum cleanup rules_cleanup(enum rules r, json_object *job)
{
    const char *nested = doc_str(policy(job), "cleanPodPolicy"),
               *flat = doc_str(doc_get(job, "spec"), "cleanPodPolicy");
    const char *word = r == RULES_V2BETA1 ? nested : r == RULES_TRAINING && nested ? nested : flat;
    if (!word && r == RULES_CCI)
        return CLEAN_RUNNING;
    if (!word || strcmp(word, "None") == 0)
        return CLEAN_NONE;
    if (strcmp(word, "Running") == 0)
        return CLEAN_RUNNING;
    if (strcmp(word, "All") == 0)
        return CLEAN_ALL;
    return r == RULES_TRAINING ? CLEAN_ALL : r == RULES_V2BETA1 ? CLEAN_INVALID : CLEAN_NONE;
}

bool rules_suspended(enum rules r, json_object *job)
{
    return (r == RULES_V2BETA1 || r == RULES_TRAINING) && doc_bool(policy(job), "suspend");
}

bool rules_released(enum rules r, json_object *job)
{
    const char *by = doc_str(policy(job), "managedBy");
    return by && (r == RULES_V2BETA1 || r == RULES_TRAINING) && strcmp(by, "kubeflow.org/mpi-operator") != 0 &&
           strcmp(by, "kubeflow.org/training-operator") != 0;
}

static bool wrong_type(json_object *v)
{
    return v && !json_object_is_type(v, json_type_int);
}

bool rules_poisonous(enum rules r, json_object *job)
{
    static const char *const numbers[] = {"activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"};
    if (!rules_alpha(r) && r != RULES_V1)
        return false;
    for (int i = 0; i < 3; i++)
        if (wrong_type(doc_path(job, "spec", numbers[i])) || wrong_type(doc_get(policy(job), numbers[i])))
            return true;
    return false;
}

bool rules_launcher_is_job(enum rules r)
{
    return rules_alpha(r) || r == RULES_V2BETA1;
}

int64_t rules_deadline_at_launch(enum rules r, json_object *job)
{
    int64_t nested = doc_int(policy(job), "activeDeadlineSeconds", -1);
    if (r == RULES_V2BETA1 || (rules_alpha(r) && nested >= 0))
        return nested;
    return rules_alpha(r) ? doc_int(doc_get(job, "spec"), "activeDeadlineSeconds", -1) : -1;
}

int64_t rules_ttl_at_launch(enum rules r, json_object *job)
{
    return r == RULES_V2BETA1 ? doc_int(policy(job), "ttlSecondsAfterFinished", -1) : -1;
}

int64_t rules_live_deadline(enum rules r, json_object *job, bool *given)
{
    *given = r == RULES_TRAINING && doc_get(policy(job), "activeDeadlineSeconds");
    return doc_int(policy(job), "activeDeadlineSeconds", 0);
}

int64_t rules_live_ttl(enum rules r, json_object *job)
{
    return r == RULES_TRAINING ? doc_int(policy(job), "ttlSecondsAfterFinished", -1) : -1;
}

const char *rules_deadline_reason(enum rules r, bool of_the_job)
{
    if (r == RULES_TRAINING && !of_the_job)
        return "MPIJobMPIJobFailed"; /* as it writes it */
    return r == RULES_V2BETA1 || r == RULES_V1 ? "DeadlineExceeded" : "MPIJobFailed";
}

void rules_labels(enum rules r, const char *job, const char *role, int index, json_object *labels)
{
    char number[16];
    snprintf(number, sizeof number, "%d", index);
    if (rules_alpha(r)) {
        doc_set_str(labels, "group_name", "kubeflow.org");
        doc_set_str(labels, "mpi_job_name", job);
        doc_set_str(labels, "mpi_role_type", role);
    } else if (r == RULES_V1) {
        doc_set_str(labels, "group-name", "kubeflow.org");
        doc_set_str(labels, "mpi-job-name", job);
        doc_set_str(labels, "mpi-job-role", role);
    } else {
        doc_set_str(labels, "training.kubeflow.org/operator-name",
                    r == RULES_V2BETA1 ? "mpi-operator" : "mpijob-controller");
        doc_set_str(labels, "training.kubeflow.org/job-name", job);
        doc_set_str(labels,
                    r == RULES_V2BETA1 ? "training.kubeflow.org/job-role" : "training.kubeflow.org/replica-type", role);
        if (index >= 0)
            doc_set_str(labels, "training.kubeflow.org/replica-index", number);
    }
}
