/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the effect floor only: the steps from a difference to a verdict. A subject (a field, the labels, the rest) is
 * judged under each controller that comes into question (effect_field.c); what those agree on is the subject's verdict
 * (effect_agree.c); the weightiest of them is the diff's (effect.c). now: microseconds since 1970. */
#ifndef MPIJOBD_MPIJOB_EFFECT_EFFECT_PARTS_H
#define MPIJOBD_MPIJOB_EFFECT_EFFECT_PARTS_H

#include "mpijob/dialect.h"
#include "mpijob/effect/effect_table.h"

/* Appends to the verdict's sentence as far as there is room. */
void effect_say(struct mpijob_verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- effect_field.c: under one controller, whose releases were tried ---- */

/* view: as that controller sees it. False: the diff does not touch the field there. */
bool effect_judge_field(const struct mpijob_view *view, const struct mpijob_diff *diff, enum mpijob_field_id field,
                        unsigned releases, int64_t now, struct mpijob_verdict *v);
/* What the releases say to a query that is ready. */
void effect_judge_query(const struct mpijob_view *view, const struct effect_query *query, unsigned releases,
                        struct mpijob_verdict *v);
/* Is the job left to another manager already? Then no controller here acts on it. *manager, *len: its name in JSON, as
 * far as a message shows it. */
bool effect_left_to_another(const struct mpijob_view *view, const char **manager, int *len);

/* ---- effect_kueue.c: of a job that Kueue manages ---- */

#define KUEUE_STOPS                                                                                                    \
    "stop it with mpijobd job stop (in Lua: stop), which sets spec.active = false of its Workload; job resume starts " \
    "it again"

struct kueue_change {
    const struct mpijob_difference *label; /* a difference of one label or annotation */
    bool stopped, over;                    /* the job is suspended; has ended */
    bool stops;                            /* after the change it is suspended */
    struct mpijob_verdict *v;
};
/* What Kueue makes of a label of a job that it manages. False: the label means nothing to it, and *v is as it was. */
bool effect_kueue_label(const struct kueue_change *change);

/* A change of suspend. False: Kueue has no part in it. */
bool effect_kueue_suspend(const struct mpijob_view *view, const struct mpijob_diff *diff,
                          const struct effect_query *query, struct mpijob_verdict *v);
/* Of the replicas of one that it manages and that runs? */
bool effect_kueue_replicas(const struct mpijob_view *view, const struct mpijob_difference *d);
/* Its labels, and replicas. False: the diff has none of them. */
bool effect_judge_kueue(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v);

/* ---- effect_own.c: the own fields of a kind, as its row tells them ---- */

/* False: the diff has none. */
bool effect_judge_own(const struct mpijob_view *view, const struct mpijob_diff *diff, struct mpijob_verdict *v);

/* ---- child.c, child_set.c ---- */

bool child_has_ended(struct json job); /* a Job or a Pod */
bool child_controller_is(struct json object, const char *kind);
/* What it does where the value at the pointer becomes another one. ERR_NOMEM. */
int child_judge_in_set(const struct mpijob_child *row, struct json job, struct json set, const char *pointer,
                       struct str after, int64_t now, struct mpijob_verdict *v, struct error *err);

/* ---- effect_agree.c: under all that come into question ---- */

/* The controllers whose experiments tell what becomes of the dialect's jobs: itself, or those that it is judged like.
 * Returns how many. */
int effect_families(const struct mpijob_dialect *dialect, const struct mpijob_dialect *families[2]);

/* What a diff is about, beside each of its fields: labels and annotations, what else differs, the mere fact of an edit,
 * what Kueue makes of it, and the own fields of a kind. */
enum { SUBJECT_MAPS = FIELD_COUNT, SUBJECT_OTHER, SUBJECT_TOUCH, SUBJECT_KUEUE, SUBJECT_OWN, SUBJECTS };
/* effect.c: under one controller; see effect_judge_field. */
bool effect_judge_subject(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff,
                          const struct mpijob_dialect *family, int64_t now, struct mpijob_verdict *v);
/* False: the subject does not arise. */
bool effect_agree(int subject, const struct mpijob_view *view, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *v);

#endif
