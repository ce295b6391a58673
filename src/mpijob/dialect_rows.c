/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dialects, and the names that it is made of: kinds, versions, labels of pods. */
#include "mpijob/dialect_rows.h"

/* ---- versions ---- */

static const char *const versions[] = {
    [MPIJOB_V1ALPHA2] = "v1alpha2", [MPIJOB_V1] = "v1", [MPIJOB_V2BETA1] = "v2beta1"};
_Static_assert(sizeof versions / sizeof *versions == MPIJOB_VERSIONS, "a name for each version");

/* ---- kinds ---- */

/* Replicas where a role has none: the controllers' own defaults (mpi-operator: one launcher, no workers;
 * training-operator: one of each role that is there). MXJob left training-operator with v1.8. */
const struct mpijob_kind mpijob_kinds_built_in[MPIJOB_KINDS_BUILT_IN] = {
    {.index = 0,
     .phased = true,
     .name = "MPIJob",
     .article = "an",
     .group = MPIJOB_GROUP,
     .plural = "mpijobs",
     .singular = "mpijob",
     .definition = "mpijobs.kubeflow.org",
     .short_name = "mj",
     .likely = MPIJOB_V2BETA1,
     .inspected = true,
     .child = CHILD_LAUNCHER,
     .specs = "mpiReplicaSpecs",
     .roles = {{"Launcher", 1}, {"Worker", 0}}},
    {.index = 1,
     .phased = true,
     .name = "TFJob",
     .article = "a",
     .group = MPIJOB_GROUP,
     .plural = "tfjobs",
     .singular = "tfjob",
     .definition = "tfjobs.kubeflow.org",
     .likely = MPIJOB_V1,
     .specs = "tfReplicaSpecs",
     .roles = {{"Chief", 1}, {"Master", 1}, {"PS", 1}, {"Worker", 1}, {"Evaluator", 1}}},
    {.index = 2,
     .phased = true,
     .name = "PyTorchJob",
     .article = "a",
     .group = MPIJOB_GROUP,
     .plural = "pytorchjobs",
     .singular = "pytorchjob",
     .definition = "pytorchjobs.kubeflow.org",
     .likely = MPIJOB_V1,
     .specs = "pytorchReplicaSpecs",
     .roles = {{"Master", 1}, {"Worker", 1}}},
    {.index = 3,
     .phased = true,
     .name = "MXJob",
     .article = "an",
     .group = MPIJOB_GROUP,
     .plural = "mxjobs",
     .singular = "mxjob",
     .definition = "mxjobs.kubeflow.org",
     .likely = MPIJOB_V1,
     .specs = "mxReplicaSpecs",
     .roles = {{"Scheduler", 1}, {"Server", 1}, {"Worker", 1}, {"TunerTracker", 1}, {"TunerServer", 1}, {"Tuner", 1}}},
    {.index = 4,
     .phased = true,
     .undated = true,
     .inspected = true,
     .name = "TrainJob",
     .article = "a",
     .group = "trainer.kubeflow.org",
     .plural = "trainjobs",
     .singular = "trainjob",
     .definition = "trainjobs.trainer.kubeflow.org",
     .versions = versions_trainjob,
     .dialect = &dialect_trainjob,
     .child = CHILD_OF_SET,
     .fields = fields_trainjob,
     .field_count = TRAINJOB_FIELDS,
     .phases = phases_trainjob,
     .templates = templates_trainjob},
    {.index = 5,
     .phased = true,
     .undated = true,
     .inspected = true,
     .name = "JobSet",
     .article = "a",
     .group = "jobset.x-k8s.io",
     .plural = "jobsets",
     .singular = "jobset",
     .definition = "jobsets.jobset.x-k8s.io",
     .versions = versions_jobset,
     .dialect = &dialect_jobset,
     .child = CHILD_OF_SET,
     .fields = fields_jobset,
     .field_count = JOBSET_FIELDS,
     .phases = phases_jobset,
     .templates = templates_jobset},
    {.index = 6,
     .phased = true,
     .inspected = true,
     .name = "Job",
     .article = "a",
     .group = "batch",
     .plural = "jobs",
     .singular = "batchjob", /* `job` is what every policy calls its argument */
     .definition = "jobs.batch",
     .versions = versions_job,
     .dialect = &dialect_job,
     .fields = fields_job,
     .field_count = JOB_FIELDS,
     .phases = phases_job,
     .templates = templates_job},
};
static const struct mpijob_kind *const kinds[] = {KIND_MPIJOB,   KIND_TFJOB,  KIND_PYTORCHJOB, KIND_MXJOB,
                                                  KIND_TRAINJOB, KIND_JOBSET, KIND_JOB};
_Static_assert(sizeof kinds / sizeof *kinds == MPIJOB_KINDS_BUILT_IN, "each kind can be looked up");

/* ---- pods ---- */

static const struct mpijob_labelling labellings[] = {
    {"training.kubeflow.org/job-name", {"training.kubeflow.org/replica-type", "training.kubeflow.org/job-role"}},
    {"mpi-job-name", {"mpi-job-role"}},
    {"mpi_job_name", {"mpi_role_type"}},
    {0},
};

/* ---- what the rows share ---- */

static const struct mpijob_server kubernetes = {.strict = true};

#define CCI_SERVER .name = "CCI", .namespaced_only = true
static const char *const cci_only[] = {"activeDeadlineSeconds", "cleanPodPolicy", NULL};
static const char *const cci_only_sibling[] = {"activeDeadlineSeconds", "ttlSecondsAfterFinished", "cleanPodPolicy",
                                               NULL};
static const struct mpijob_server cci = {CCI_SERVER, .only = cci_only},
                                  cci_sibling = {CCI_SERVER, .only = cci_only_sibling};

static const struct mpijob_definition
    definition_open = {.keeps_unknown = true, .program = "mpi-operator"},
    definition_v2beta1 =
        {.program = "mpi-operator",
         .since = {[FIELD_SUSPEND] = "v0.4", [FIELD_MANAGED_BY] = "v0.6", [FIELD_SCHEDULING_POLICY] = "v0.4"}},
    definition_training = {.program = "training-operator",
                           .since = {[FIELD_SUSPEND] = "v1.7", [FIELD_MANAGED_BY] = "v1.9"}};

static const struct mpijob_cleanup cleanup_mpi_operator, /* v1alpha2 and v1 */
    cleanup_v2beta1 = {.suspended = true}, cleanup_training = {.suspended = true, .evicted = true, .by_mistake = true},
    cleanup_cci = {.evicted = true, .by_default = true},
    cleanup_cci_v2beta1 = {.suspended = true, .evicted = true, .by_default = true};

#define LIKE_MPI_OPERATOR                                                                                              \
    .judged_like = {CONTROLLER_MPI_OPERATOR}, .judged_count = 1, .instead = "under upstream's mpi-operator it",        \
    .instead_why = true
#define UNTRIED_CCI                                                                                                    \
    .untried = "CCI's controller could not be tried, and its documentation does not say what this does",               \
    UNTRIED_CCI_CLEANUP
#define UNTRIED_CCI_CLEANUP                                                                                            \
    .untried_cleanup = "CCI documents this replacement in a job that has ended, but not what becomes of its pods"
#define UNTRIED_TRAINING .untried = "training-operator serves v1 only"

/* ---- the dialects ---- */

/* The other kinds have no effects of their own: what is known of MPIJobs under training-operator is told beside
 * "unknown", and it decides what is refused as destructive. */
#define SIBLING(kind)                                                                                                  \
    {kind,                                                                                                             \
     MPIJOB_V1,                                                                                                        \
     CONTROLLER_TRAINING_OPERATOR,                                                                                     \
     .usual = true,                                                                                                    \
     .reader = &reader_sibling,                                                                                        \
     .server = &kubernetes,                                                                                            \
     .definition = &definition_training,                                                                               \
     .pods_seen = true,                                                                                                \
     .releases = TRAINING_190,                                                                                         \
     .untried = "this kind was not tried",                                                                             \
     .instead = "on an MPIJob of training-operator this"},                                                             \
    {                                                                                                                  \
        kind, MPIJOB_V1, CONTROLLER_CCI, .reader = &reader_sibling_cci, .server = &cci_sibling,                        \
                                         .definition = &definition_open, .releases = TRAINING_190,                     \
                                         .untried = "CCI's controller could not be tried", UNTRIED_CCI_CLEANUP,        \
                                         .instead = "on an MPIJob of training-operator this"                           \
    }

/* clang-format off */
static const struct mpijob_dialect dialects[] = {
    {KIND_MPIJOB, MPIJOB_V1ALPHA2, CONTROLLER_MPI_OPERATOR, .usual = true, .reader = &reader_v1alpha2,
     .server = &kubernetes, .definition = &definition_open, .cleanup = &cleanup_mpi_operator, .through_child = true,
     .pods_seen = true, .releases = V1ALPHA2_ALL},
    {KIND_MPIJOB, MPIJOB_V1ALPHA2, CONTROLLER_UNKNOWN, .reader = &reader_v1alpha2,
     .server = &kubernetes, .definition = &definition_open, .cleanup = &cleanup_mpi_operator, .through_child = true,
     .pods_seen = true, LIKE_MPI_OPERATOR, .untried = "it is not known which controller serves this v1alpha2"},
    {KIND_MPIJOB, MPIJOB_V1ALPHA2, CONTROLLER_TRAINING_OPERATOR, .reader = &reader_v1alpha2,
     .server = &kubernetes, .definition = &definition_training, .cleanup = &cleanup_mpi_operator,
     .pods_seen = true, LIKE_MPI_OPERATOR, UNTRIED_TRAINING},
    {KIND_MPIJOB, MPIJOB_V1ALPHA2, CONTROLLER_CCI, .reader = &reader_cci,
     .server = &cci, .definition = &definition_open, .cleanup = &cleanup_cci, .through_child = true,
     LIKE_MPI_OPERATOR, UNTRIED_CCI},

    {KIND_MPIJOB, MPIJOB_V1, CONTROLLER_MPI_OPERATOR, .reader = &reader_v1_mpi_operator,
     .server = &kubernetes, .definition = &definition_open, .cleanup = &cleanup_mpi_operator, .through_child = true,
     .pods_seen = true, .releases = V1_MPI_ALL},
    {KIND_MPIJOB, MPIJOB_V1, CONTROLLER_TRAINING_OPERATOR, .reader = &reader_v1_training_operator,
     .server = &kubernetes, .definition = &definition_training, .cleanup = &cleanup_training,
     .pods_seen = true, .releases = TRAINING_190},
    {KIND_MPIJOB, MPIJOB_V1, CONTROLLER_UNKNOWN, .usual = true, .open = true, .reader = &reader_v1_either,
     .server = &kubernetes, .definition = &definition_open, .cleanup = &cleanup_mpi_operator, .through_child = true,
     .pods_seen = true, .judged_like = {CONTROLLER_MPI_OPERATOR, CONTROLLER_TRAINING_OPERATOR}, .judged_count = 2},
    {KIND_MPIJOB, MPIJOB_V1, CONTROLLER_CCI, .reader = &reader_v1_either,
     .server = &cci, .definition = &definition_open, .cleanup = &cleanup_cci, .through_child = true,
     LIKE_MPI_OPERATOR, UNTRIED_CCI},

    {KIND_MPIJOB, MPIJOB_V2BETA1, CONTROLLER_MPI_OPERATOR, .usual = true, .reader = &reader_v2beta1,
     .server = &kubernetes, .definition = &definition_v2beta1, .cleanup = &cleanup_v2beta1, .through_child = true,
     .pods_seen = true, .releases = V2BETA1_ALL},
    {KIND_MPIJOB, MPIJOB_V2BETA1, CONTROLLER_UNKNOWN, .reader = &reader_v2beta1,
     .server = &kubernetes, .definition = &definition_v2beta1, .cleanup = &cleanup_v2beta1, .through_child = true,
     .pods_seen = true, LIKE_MPI_OPERATOR},
    {KIND_MPIJOB, MPIJOB_V2BETA1, CONTROLLER_TRAINING_OPERATOR, .reader = &reader_v2beta1,
     .server = &kubernetes, .definition = &definition_v2beta1, .cleanup = &cleanup_v2beta1,
     .pods_seen = true, LIKE_MPI_OPERATOR, UNTRIED_TRAINING},
    {KIND_MPIJOB, MPIJOB_V2BETA1, CONTROLLER_CCI, .reader = &reader_v2beta1,
     .server = &cci, .definition = &definition_v2beta1, .cleanup = &cleanup_cci_v2beta1, .through_child = true,
     LIKE_MPI_OPERATOR, UNTRIED_CCI},

    SIBLING(KIND_TFJOB),
    SIBLING(KIND_PYTORCHJOB),
    SIBLING(KIND_MXJOB),
};
/* clang-format on */

const struct mpijob_tables *mpijob_tables(void)
{
    static const struct mpijob_tables tables = {
        dialects,  sizeof dialects / sizeof *dialects, kinds, MPIJOB_KINDS_BUILT_IN, versions, MPIJOB_VERSIONS,
        labellings};
    return &tables;
}
