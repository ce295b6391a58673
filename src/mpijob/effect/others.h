/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of other kinds: what a deletion or a change of one does. From experiments on Kubernetes' Jobs, JobSets,
 * TrainJobs and Kueue (object_rows.c), and of the rest, as far as something runs by it, from what Kubernetes says of
 * its own kinds. What is not known here is EFFECT_UNKNOWN, and needs no leave. */
#ifndef MPIJOBD_MPIJOB_EFFECT_OTHERS_H
#define MPIJOBD_MPIJOB_EFFECT_OTHERS_H

#include "mpijob/effect/effect.h"

struct other_object {
    const char *group, *plural; /* "batch", "jobs"; the group of core kinds is "" */
    struct json object;         /* as it is on the server */
    struct json set;            /* of a Job: the JobSet that has made it; absent where it was not read */
};

/* Sets the verdict. may_destroy: it ends what runs. */
void mpijob_other_deletion(const struct other_object *other, struct mpijob_verdict *verdict);
/* after: what a patch, or a whole object, makes of it. now: microseconds. The weightiest of all differences counts, as
 * with mpijob_judge. */
void mpijob_other_change(const struct other_object *other, struct json after, int64_t now,
                         struct mpijob_verdict *verdict);
/* The place of the value that the server lets be changed in two writes only, of which the first removes it. NULL: of
 * such objects there is no such value. */
const char *mpijob_other_in_steps(const char *group, const char *plural);

#endif
