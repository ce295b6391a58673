/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher behind an MPIJob: a batch/v1 Job NAME-launcher (v1alpha2, v2beta1), or a Pod of that name (both
 * controllers of v1). Most controllers copy the MPIJob's values into it when they create it, and never again: what is
 * to act on a job that runs has to be changed there too. The verdicts are from experiments on the launchers
 * (tests/fixtures/effects.tsv, rows launcher:...). Pure: change/change_child.c reads and writes it. Instants are
 * microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_EFFECT_CHILD_H
#define MPIJOBD_MPIJOB_EFFECT_CHILD_H

#include "mpijob/dialect.h"
#include "mpijob/effect/effect.h"

const struct mpijob_child *mpijob_child_of(struct mpijob_target target); /* NULL: it has no child */
/* "NAME-launcher", appended. There is a child. */
void mpijob_child_name(const struct mpijob_view *view, struct buf *out);

/* Does one of the changes concern the launcher too? false: only the MPIJob's own fields count, or the job has ended and
 * none does. */
bool mpijob_child_concerned(const struct mpijob_changes *changes, const struct mpijob_view *view);

/* What the changes come to on the launcher. */
struct mpijob_child_plan {
    struct mpijob_diff diff;       /* in the launcher's own pointers; count 0: it is so already */
    struct buf patch;              /* a merge patch, conditional by uid and resourceVersion */
    struct mpijob_verdict verdict; /* of the launcher's part; EFFECT_UNCHANGED where diff is empty */
    int64_t ends_at; /* when the deadline that it is given falls, passed or not; MPIJOB_NO_TIME: it is given none */
    bool covered[FIELD_COUNT]; /* by enum mpijob_field_id: the launcher decides, not the MPIJob's field */
};
void mpijob_child_plan_free(struct mpijob_child_plan *plan);

/* launcher: the Job or Pod. now: microseconds. ERR_REFUSED: it belongs to another job, or a TTL could run the job
 * twice; ERR_INVALID: the API server would not let it be (a Pod's deadline is lowered only). */
int mpijob_child_plan(const struct mpijob_changes *changes, const struct mpijob_view *view, struct json launcher,
                      int64_t now, struct mpijob_child_plan *plan, struct error *err);

/* The verdict on both together. plan NULL: there is no launcher (yet). */
void mpijob_judge_through(const struct mpijob_view *before, const struct mpijob_diff *diff,
                          const struct mpijob_child_plan *plan, int64_t now, struct mpijob_verdict *verdict);

/* A Job that an MPIJob controls, and that has not ended, must get no TTL: if it is deleted before the controller has
 * seen its end, the launcher starts again and the job runs twice. before: the Job, absent where it is created.
 * ERR_REFUSED. */
int mpijob_launcher_ttl_check(struct json before, struct json after, struct error *err);

/* Does the MPIJob control this object (its owner reference with controller: true)? */
bool mpijob_controls(const struct mpijob_view *view, struct json object);

#endif
