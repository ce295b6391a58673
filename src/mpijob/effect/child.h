/* SPDX-License-Identifier: Apache-2.0 */
/* The child of a job through which a change acts that does not act in the job, or acts otherwise there:
 *
 * - of an MPIJob its launcher: a batch/v1 Job NAME-launcher (v1alpha2, v2beta1), or a Pod of that name (both
 *   controllers of v1). Most controllers copy the MPIJob's values into it when they create it, and never again: what is
 *   to act on a job that runs has to be changed there too;
 * - of a TrainJob the Job of its JobSet whose end counts, and of a JobSet one of its Jobs: they are changed instead.
 *
 * The verdicts are from experiments (tests/fixtures/effects.tsv, rows launcher:..., and effects-kinds.tsv, rows
 * job:...). Pure: change/change_child.c reads and writes it. Instants are microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_EFFECT_CHILD_H
#define MPIJOBD_MPIJOB_EFFECT_CHILD_H

#include "mpijob/dialect.h"
#include "mpijob/effect/effect.h"

const struct mpijob_child *mpijob_child_of(struct mpijob_target target); /* NULL: it has no child */
/* "NAME-launcher", appended. There is a child, and its row has a suffix. */
void mpijob_child_name(const struct mpijob_view *view, struct buf *out);

/* Does one of the changes concern the child? false: only the job's own fields count, or the job has ended and none
 * does. */
bool mpijob_child_concerned(const struct mpijob_changes *changes, const struct mpijob_view *view);

/* What the changes come to on the child. */
struct mpijob_child_plan {
    struct mpijob_diff diff;       /* in the child's own pointers; count 0: it is so already */
    struct buf patch;              /* a merge patch, conditional by uid and resourceVersion */
    struct mpijob_verdict verdict; /* of the child's part; EFFECT_UNCHANGED where diff is empty */
    int64_t ends_at; /* when the deadline that it is given falls, passed or not; MPIJOB_NO_TIME: it is given none */
    bool covered[FIELD_COUNT]; /* by enum mpijob_field_id: the child decides, not the MPIJob's field */
};
void mpijob_child_plan_free(struct mpijob_child_plan *plan);

/* child: the Job or Pod. set: the JobSet that it is of; absent for a launcher. now: microseconds. ERR_REFUSED: it
 * belongs to another job, or a TTL could run the job twice; ERR_INVALID: the API server would not let it be (a Pod's
 * deadline is lowered only). */
int mpijob_child_plan(const struct mpijob_changes *changes, const struct mpijob_view *view, struct json child,
                      struct json set, int64_t now, struct mpijob_child_plan *plan, struct error *err);
/* Is it the job's, by uids from owner to owner? ERR_REFUSED. */
int mpijob_child_check(const struct mpijob_view *view, struct json set, struct json child, struct error *err);

/* The verdict on an MPIJob and its launcher together. plan NULL: there is no launcher (yet). */
void mpijob_judge_through(const struct mpijob_view *before, const struct mpijob_diff *diff,
                          const struct mpijob_child_plan *plan, int64_t now, struct mpijob_verdict *verdict);

/* The same where the child is changed instead: verdict is on the job's own part. own: there is such a part. */
void mpijob_judge_beside(const struct mpijob_child_plan *plan, bool own, struct mpijob_verdict *verdict);

/* ---- among the Jobs of a JobSet ---- */

/* The labels of the Jobs to look among, as a selector, appended. */
void mpijob_child_selector(const struct mpijob_view *view, struct buf *out);
/* The place of a Job among those that the change may go through; the least is the one: of those that successPolicy
 * names, the first by the order of replicatedJobs and by index, then of the others. -1: it may not, as it has ended, or
 * is another's. */
int64_t mpijob_child_rank(const struct mpijob_view *view, struct json set, struct json job);
/* None may: ERR_REFUSED says so. */
int mpijob_child_none(const struct mpijob_view *view, bool has_set, struct error *err);

/* A Job that an MPIJob controls, and that has not ended, must get no TTL: if it is deleted before the controller has
 * seen its end, the launcher starts again and the job runs twice. before: the Job, absent where it is created.
 * ERR_REFUSED. */
int mpijob_launcher_ttl_check(struct json before, struct json after, struct error *err);

/* Does the MPIJob control this object (its owner reference with controller: true)? */
bool mpijob_controls(const struct mpijob_view *view, struct json object);

#endif
