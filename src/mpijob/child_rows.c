/* SPDX-License-Identifier: Apache-2.0 */
/* The children of jobs through which changes go: what each is, and what it makes of the fields. */
#include "mpijob/dialect_rows.h"

const char *mpijob_child_called(enum mpijob_children child)
{
    static const char *const called[MPIJOB_CHILDREN] = {[CHILD_NONE] = "child", [CHILD_LAUNCHER] = "launcher"};
    return called[child];
}

static const char *const of_a_job[] = {"activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", NULL},
                         *const of_a_pod[] = {"activeDeadlineSeconds", NULL};

const struct mpijob_child launcher_job = {.is = CHILD_LAUNCHER,
                                          .kind = "Job",
                                          .group = "batch",
                                          .version = "v1",
                                          .plural = "jobs",
                                          .suffix = "-launcher",
                                          .fields = of_a_job,
                                          .takes_values = true},
                          launcher_pod = {.is = CHILD_LAUNCHER,
                                          .kind = "Pod",
                                          .group = "",
                                          .version = "v1",
                                          .plural = "pods",
                                          .suffix = "-launcher",
                                          .fields = of_a_pod,
                                          .only_lowers = true};
