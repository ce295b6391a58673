/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that read the jobs, a row each: the places they read, and what was seen of what they make of it
 * (docs/reference/mpijob-versions.md). v1 has three, because two programs serve it and read different places: while it
 * is not known which of them it is, both places of cleanPodPolicy are kept equal, which is right under either. */
#include "mpijob/dialect_rows.h"

#define SPEC "/spec/"
#define RUN "/spec/runPolicy/"
#define BIT(field) (1u << (field))

#define AT(place)                                                                                                      \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place)                                                           \
    }
#define FIXED(place)                                                                                                   \
    {                                                                                                                  \
        .has = true, .pointer = (place)                                                                                \
    }
#define ALSO(place, second)                                                                                            \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place), .also = (second)                                         \
    }
#define OVERRIDDEN(place, winner)                                                                                      \
    {                                                                                                                  \
        .has = true, .replaceable = true, .pointer = (place), .overrides = (winner)                                    \
    }

static const char *const labels_v1alpha2[] = {"mpi_job_name", NULL}, *const labels_v1[] = {"mpi-job-name", NULL},
                         *const labels_common[] = {"training.kubeflow.org/job-name", NULL},
                         *const labels_either[] = {"mpi-job-name", "training.kubeflow.org/job-name", NULL};

/* clang-format off */

/* MPIJobs on CCI: the places are its documentation's, the pods' labels are upstream's. */
const struct mpijob_reader reader_cci = {
    .name = "CCI",
    .places = {
        [FIELD_CLEAN_POD_POLICY]        = AT(SPEC "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS] = AT(SPEC "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]           = FIXED(SPEC "backoffLimit"),
    },
    .pod_labels = labels_v1alpha2,
    .child = &launcher_job,
    .decodes = DECODES_SPEC_POLICY | DECODES_SPEC_NUMBERS,
    .documented_only = true,
    .status_keeps_workers = true,
    .keeps_labels = true,
    .wrong_type = WRONG_TYPE_STOPS_UPSTREAM,
    .bad_policy = BAD_POLICY_IS_NONE_UPSTREAM,
};

const struct mpijob_reader reader_v1alpha2 = {
    .name = "v1alpha2's mpi-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = AT(SPEC "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = OVERRIDDEN(SPEC "activeDeadlineSeconds", RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = OVERRIDDEN(SPEC "backoffLimit", RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_v1alpha2,
    .child = &launcher_job,
    .decodes = DECODES_SPEC_POLICY | DECODES_SPEC_NUMBERS | DECODES_RUN_POLICY,
    .never_reads = BIT(FIELD_TTL_SECONDS_AFTER_FINISHED) | BIT(FIELD_SUSPEND),
    .status_keeps_workers = true,
    .keeps_labels = true,
    .deadline = DEADLINE_AT_LAUNCH,
    .wrong_type = WRONG_TYPE_STOPS,
    .bad_policy = BAD_POLICY_IS_NONE,
    .negative_deadline = NEGATIVE_DEADLINE_IGNORED,
};

const struct mpijob_reader reader_v1_mpi_operator = {
    .name = "v1's mpi-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = AT(SPEC "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = AT(RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_v1,
    .child = &launcher_pod,
    .decodes = DECODES_SPEC_POLICY | DECODES_RUN_POLICY,
    .never_reads = BIT(FIELD_ACTIVE_DEADLINE_SECONDS) | BIT(FIELD_BACKOFF_LIMIT) |
                   BIT(FIELD_TTL_SECONDS_AFTER_FINISHED) | BIT(FIELD_SUSPEND),
    .keeps_labels = true,
    .deadline = DEADLINE_NEVER,
    .wrong_type = WRONG_TYPE_STOPS,
    .bad_policy = BAD_POLICY_IS_NONE,
    .negative_deadline = NEGATIVE_DEADLINE_IGNORED,
    .evicted = EVICTED_PODS_STAY,
};

const struct mpijob_reader reader_v1_training_operator = {
    .name = "training-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = ALSO(RUN "cleanPodPolicy", SPEC "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = AT(RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SUSPEND]                    = AT(RUN "suspend"),
        [FIELD_MANAGED_BY]                 = AT(RUN "managedBy"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_common,
    .manager = "kubeflow.org/training-operator",
    .child = &launcher_pod,
    .decodes = DECODES_SPEC_POLICY | DECODES_RUN_POLICY | DECODES_RUN_OWNER,
    .drops = DROPS_SPEC_NUMBERS,
    .keeps_labels = true,
    .deadline = DEADLINE_ON_EVENTS,
    .wrong_type = WRONG_TYPE_REFUSED,
    .bad_policy = BAD_POLICY_IS_ALL,
    .negative_deadline = NEGATIVE_DEADLINE_FAILS_JOB,
    .evicted = EVICTED_PODS_CLEANED,
};

const struct mpijob_reader reader_v1_either = {
    .name = "v1's mpi-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = OVERRIDDEN(SPEC "cleanPodPolicy", RUN "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = AT(RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SUSPEND]                    = AT(RUN "suspend"),
        [FIELD_MANAGED_BY]                 = AT(RUN "managedBy"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_either,
    .manager = "kubeflow.org/training-operator",
    .child = &launcher_pod,
    .decodes = DECODES_SPEC_POLICY | DECODES_RUN_POLICY | DECODES_RUN_OWNER,
    .two = true,
    .keeps_labels = true,
    .deadline = DEADLINE_ON_EVENTS_OR_NEVER,
    .wrong_type = WRONG_TYPE_STOPS_OR_REFUSED,
    .bad_policy = BAD_POLICY_IS_NONE_OR_ALL,
    .negative_deadline = NEGATIVE_DEADLINE_FAILS_OR_IGNORED,
    .evicted = EVICTED_PODS_STAY_PERHAPS,
};

const struct mpijob_reader reader_v2beta1 = {
    .name = "v2beta1's mpi-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = AT(RUN "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = AT(RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SUSPEND]                    = AT(RUN "suspend"),
        [FIELD_MANAGED_BY]                 = AT(RUN "managedBy"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_common,
    .manager = "kubeflow.org/mpi-operator",
    .child = &launcher_job,
    .decodes = DECODES_RUN_POLICY | DECODES_RUN_OWNER,
    .drops = DROPS_SPEC_POLICY | DROPS_SPEC_NUMBERS,
    .keeps_labels = true,
    .ttl_ends_launcher = true,
    .deadline = DEADLINE_AT_LAUNCH,
    .wrong_type = WRONG_TYPE_REFUSED,
    .bad_policy = BAD_POLICY_STOPS_JOB,
    .negative_deadline = NEGATIVE_DEADLINE_STOPS_JOB,
    .evicted = EVICTED_PODS_WAIT,
};

/* TFJob, PyTorchJob and MXJob on CCI: flat, as its documentation has them. */
const struct mpijob_reader reader_sibling_cci = {
    .name = "CCI",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = AT(SPEC "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(SPEC "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = FIXED(SPEC "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(SPEC "ttlSecondsAfterFinished"),
    },
    .pod_labels = labels_either,
    .documented_only = true,
};

/* ... and under training-operator: as MPIJob, but without the second place of cleanPodPolicy. */
const struct mpijob_reader reader_sibling = {
    .name = "training-operator",
    .places = {
        [FIELD_CLEAN_POD_POLICY]           = AT(RUN "cleanPodPolicy"),
        [FIELD_ACTIVE_DEADLINE_SECONDS]    = AT(RUN "activeDeadlineSeconds"),
        [FIELD_BACKOFF_LIMIT]              = AT(RUN "backoffLimit"),
        [FIELD_TTL_SECONDS_AFTER_FINISHED] = AT(RUN "ttlSecondsAfterFinished"),
        [FIELD_SUSPEND]                    = AT(RUN "suspend"),
        [FIELD_MANAGED_BY]                 = AT(RUN "managedBy"),
        [FIELD_SCHEDULING_POLICY]          = AT(RUN "schedulingPolicy"),
    },
    .pod_labels = labels_common,
    .manager = "kubeflow.org/training-operator",
    .deadline = DEADLINE_ON_EVENTS,
};
/* clang-format on */
