/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of TrainJob, JobSet and Job: their fields, values and phases, where their pods' templates stand. What a
 * change does is told by effect/object_rows.c, from experiments. Facts: docs/reference/kinds.md. */
#include "mpijob/dialect_rows.h"
#include "mpijob/view.h"

const char *const versions_trainjob[] = {"v1alpha1", NULL}, *const versions_jobset[] = {"v1alpha2", NULL},
                  *const versions_job[] = {"v1", NULL};

/* ---- pods ---- */

static const char *const labels_jobset[] = {"jobset.sigs.k8s.io/jobset-name", NULL}, *const labels_job[] = {
                                                                                         "batch.kubernetes.io/job-name",
                                                                                         NULL};
/* A TrainJob's pods are those of its JobSet, which has its name. */
static const struct mpijob_reader reader_trainjob = {.name = "its controller",
                                                     .pod_labels = labels_jobset,
                                                     .child = &child_of_trainjob,
                                                     .keeps_labels = true},
                                  reader_jobset = {.name = "its controller",
                                                   .pod_labels = labels_jobset,
                                                   .child = &child_of_jobset,
                                                   .keeps_labels = true},
                                  reader_job = {
                                      .name = "its controller", .pod_labels = labels_job, .keeps_labels = true};
static const struct mpijob_server kubernetes = {.strict = true};
static const struct mpijob_definition definition;
const struct mpijob_dialect dialect_trainjob = {.usual = true,
                                                .reader = &reader_trainjob,
                                                .server = &kubernetes,
                                                .definition = &definition,
                                                .through_child = true,
                                                .pods_seen = true};
const struct mpijob_dialect dialect_jobset = {.usual = true,
                                              .reader = &reader_jobset,
                                              .server = &kubernetes,
                                              .definition = &definition,
                                              .through_child = true,
                                              .pods_seen = true};
const struct mpijob_dialect dialect_job = {
    .usual = true, .reader = &reader_job, .server = &kubernetes, .definition = &definition, .pods_seen = true};

/* A TrainJob says only what differs from its runtime: what comes from there is not counted. */
const struct mpijob_template_place templates_trainjob[] = {
    {.counts = {"/spec/trainer/numNodes"}, .resources = "/spec/trainer/resourcesPerNode"}, {0}};
const struct mpijob_template_place templates_jobset[] = {{.each = "/spec/replicatedJobs",
                                                          .counts = {"/replicas", "/template/spec/parallelism"},
                                                          .pod = "/template/spec/template/spec"},
                                                         {0}};
const struct mpijob_template_place templates_job[] = {{.counts = {"/spec/parallelism"}, .pod = "/spec/template/spec"},
                                                      {0}};

/* ---- phases ---- */

/* A TrainJob that has ended and is suspended then says both. */
const struct mpijob_phase_row phases_trainjob[] = {{PHASE_SUCCEEDED, "Complete", NULL},
                                                   {PHASE_FAILED, "Failed", NULL},
                                                   {PHASE_SUSPENDED, "Suspended", NULL},
                                                   {PHASE_RUNNING, "/status/jobsStatus", ""},
                                                   {0}};
const struct mpijob_phase_row phases_jobset[] = {
    {PHASE_SUCCEEDED, "Completed", NULL},
    {PHASE_FAILED, "Failed", NULL},
    {PHASE_SUSPENDED, "Suspended", NULL},
    {PHASE_RESTARTING, "RestartingJobSet", NULL},
    {PHASE_RUNNING, "/status/replicatedJobsStatus", "/spec/replicatedJobs"},
    {0}};
const struct mpijob_phase_row phases_job[] = {{PHASE_SUCCEEDED, "Complete", NULL},
                                              {PHASE_FAILED, "Failed", NULL},
                                              {PHASE_SUSPENDED, "Suspended", NULL},
                                              {PHASE_RUNNING, "/status", "/spec/parallelism"},
                                              {0}};

/* ---- fields ---- */

#define AT(place)                                                                                                      \
    (const struct mpijob_place[])                                                                                      \
    {                                                                                                                  \
        {                                                                                                              \
            .has = true, .replaceable = true, .pointer = (place)                                                       \
        }                                                                                                              \
    }
#define SECONDS(least_) .type = TYPE_DURATION, .has_least = true, .has_most = true, .least = (least_), .most = INT32_MAX
#define COUNT .type = TYPE_INTEGER, .has_least = true, .has_most = true, .least = 0, .most = INT32_MAX

/* Fields that its definition does not have are there so that a change of one is told what becomes of it. */
const struct mpijob_field_row fields_trainjob[TRAINJOB_FIELDS] = {
    {.name = "suspend", .places = AT("/spec/suspend"), .type = TYPE_BOOLEAN},
    {.name = "activeDeadlineSeconds", .places = AT("/spec/activeDeadlineSeconds"), SECONDS(1)},
    {.name = "runtimePatches", .places = AT("/spec/runtimePatches"), .type = TYPE_TABLE, .when = WHEN_SUSPENDED},
    {.name = "managedBy", .places = AT("/spec/managedBy"), .type = TYPE_STRING, .when = WHEN_NEVER},
    {.name = "trainer", .places = AT("/spec/trainer"), .type = TYPE_TABLE, .when = WHEN_NEVER},
    {.name = "ttlSecondsAfterFinished", .places = AT("/spec/ttlSecondsAfterFinished"), SECONDS(0), .absent = true},
    {.name = "backoffLimit", .places = AT("/spec/backoffLimit"), COUNT, .absent = true},
};
const struct mpijob_field_row fields_jobset[JOBSET_FIELDS] = {
    {.name = "suspend", .places = AT("/spec/suspend"), .type = TYPE_BOOLEAN},
    {.name = "ttlSecondsAfterFinished", .places = AT("/spec/ttlSecondsAfterFinished"), SECONDS(0)},
    {.name = "failurePolicy", .places = AT("/spec/failurePolicy"), .type = TYPE_TABLE},
    {.name = "successPolicy",
     .places = AT("/spec/successPolicy"),
     .type = TYPE_TABLE,
     .when = WHEN_ONCE,
     .required = true},
    {.name = "managedBy", .places = AT("/spec/managedBy"), .type = TYPE_STRING, .when = WHEN_NEVER},
    {.name = "activeDeadlineSeconds", .places = AT("/spec/activeDeadlineSeconds"), SECONDS(1), .absent = true},
};
const struct mpijob_field_row fields_job[JOB_FIELDS] = {
    {.name = "suspend", .places = AT("/spec/suspend"), .type = TYPE_BOOLEAN},
    {.name = "activeDeadlineSeconds", .places = AT("/spec/activeDeadlineSeconds"), SECONDS(0)},
    {.name = "backoffLimit", .places = AT("/spec/backoffLimit"), COUNT},
    {.name = "ttlSecondsAfterFinished", .places = AT("/spec/ttlSecondsAfterFinished"), SECONDS(0)},
    {.name = "parallelism", .places = AT("/spec/parallelism"), COUNT},
    {.name = "completions", .places = AT("/spec/completions"), COUNT},
    {.name = "podReplacementPolicy",
     .places = AT("/spec/podReplacementPolicy"),
     .type = TYPE_STRING,
     .values = (const char *const[]){"\"Failed\"", "\"TerminatingOrFailed\"", NULL}},
    {.name = "managedBy", .places = AT("/spec/managedBy"), .type = TYPE_STRING, .when = WHEN_NEVER},
};
