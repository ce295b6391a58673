/* SPDX-License-Identifier: Apache-2.0 */
/* How a row of the experiments is put to the program: the job before, the change, and what it depends on. */
#ifndef MPIJOBD_TESTS_MPIJOB_EFFECT_CASES_H
#define MPIJOBD_TESTS_MPIJOB_EFFECT_CASES_H

#include "mpijob_fixture.h"

#define STEPS 3

struct effect_case {
    const char *row_field, *row_state, *row_change; /* the row; the field as a glob */
    enum mpijob_field_id field;                     /* FIELD_COUNT: labels and annotations */
    const char *state, *beta_state;                 /* the job's; beta_state: in v2beta1, where it differs */
    const char *before[STEPS];                      /* changes that bring the job to where it starts */
    const char *bad;               /* raw JSON that stood at the field's place, whatever the checks say */
    const char *after[STEPS];      /* the change */
    int64_t now;                   /* microseconds after NOON */
    bool refused;                  /* the value or the name is refused when it is given */
    bool ends;                     /* where it is effective, it ends or deletes the job */
    bool late;                     /* where training-operator acts on it, it does so with the job's next event */
    const char *by_hand;           /* the change is of the row's own place only: raw JSON after */
    const char *completed_by;      /* the row that observed the same change for longer */
    const char *depends_on;        /* what the object does not show */
    const char *beta_depends_on;   /* the same, in v2beta1 alone */
    bool obeyed;                   /* that nothing was seen is what the value asks for, where it is read */
    const char *second[STEPS + 1]; /* a second change */
    const char *second_state, *second_before[STEPS], *second_says;
    int64_t second_now;
    enum mpijob_effect second_effect; /* where the row is not harmful; a harmful one has to be unknown */
};

extern const struct effect_case effect_cases[];
extern const size_t effect_case_count;

/* A job of that state, its start at NOON minus 600 s, its end at NOON minus 300 s; before: changes applied to it, ended
 * by NULL (may be NULL itself); bad: see above, for cleanPodPolicy. malloc. */
char *case_object(struct mpijob_target target, const char *state, const char *const *before, const char *bad);
/* Applies the words to the view. err NULL: a failure fails the test. */
void case_change(const struct mpijob_view *view, const char *const *words, struct mpijob_diff *diff, struct error *err);

#endif
