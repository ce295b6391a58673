/* SPDX-License-Identifier: Apache-2.0 */
/* The children of jobs through which changes go: what each is, and what it makes of the fields. */
#include "mpijob/dialect_rows.h"

const char *mpijob_child_called(enum mpijob_children child)
{
    static const char *const called[MPIJOB_CHILDREN] = {
        [CHILD_NONE] = "child", [CHILD_LAUNCHER] = "launcher", [CHILD_OF_SET] = "child"};
    return called[child];
}

static const char *const of_a_job[] = {"activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", NULL},
                         *const of_a_pod[] = {"activeDeadlineSeconds", NULL},
                         *const of_a_set[] = {"activeDeadlineSeconds", "backoffLimit", NULL}; /* a TTL runs it again */

const struct mpijob_child launcher_job = {.is = CHILD_LAUNCHER,
                                          .kind = "Job",
                                          .words = "launcher Job",
                                          .group = "batch",
                                          .version = "v1",
                                          .plural = "jobs",
                                          .suffix = "-launcher",
                                          .fields = of_a_job,
                                          .takes_values = true},
                          launcher_pod = {.is = CHILD_LAUNCHER,
                                          .kind = "Pod",
                                          .words = "launcher Pod",
                                          .group = "",
                                          .version = "v1",
                                          .plural = "pods",
                                          .suffix = "-launcher",
                                          .fields = of_a_pod,
                                          .only_lowers = true};

/* Of a TrainJob the Job whose end counts. */
#define JOB_OF_A_SET                                                                                                   \
    .is = CHILD_OF_SET, .kind = "Job", .words = "Job", .group = "batch", .version = "v1", .plural = "jobs",            \
    .fields = of_a_set, .instead = true
const struct mpijob_child child_of_trainjob = {JOB_OF_A_SET, .set = KIND_JOBSET,
                                               .label = "trainer.kubeflow.org/trainjob-ancestor-step",
                                               .value = "trainer"},
                          child_of_jobset = {JOB_OF_A_SET};

bool mpijob_child_takes(const struct mpijob_kind *kind, const char *field)
{
    const struct mpijob_dialect *dialect = mpijob_kind_info(kind)->dialect;
    const struct mpijob_child *child = dialect ? dialect->reader->child : NULL;
    for (const char *const *name = child && child->instead ? child->fields : NULL; name && *name; name++) {
        if (strcmp(*name, field) == 0)
            return true;
    }
    return false;
}
