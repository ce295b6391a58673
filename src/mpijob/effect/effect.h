/* SPDX-License-Identifier: Apache-2.0 */
/* A 200 is not an effect: what a change does, by controller, version and the state of the job. The verdicts are data
 * (effect_table.c), taken from experiments on the real controllers (mpi-operator v0.2.3 to v0.8.0, training-operator
 * v1.9.0); what they do not support is EFFECT_UNKNOWN. */
#ifndef MPIJOBD_MPIJOB_EFFECT_EFFECT_H
#define MPIJOBD_MPIJOB_EFFECT_EFFECT_H

#include "mpijob/change/job_changes.h"

enum mpijob_effect {
    EFFECT_UNCHANGED,
    EFFECT_STORED,    /* labels, annotations: nothing was to happen */
    EFFECT_INERT,     /* stored, and no controller will ever act on it */
    EFFECT_AT_FINISH, /* acted on when the job ends */
    EFFECT_LATE,      /* acted on after its time, with the job's next event; the sentence says what brings it forward */
    EFFECT_EFFECTIVE, /* a controller acts on it now */
    EFFECT_UNKNOWN,
    EFFECT_REVERTED,    /* put back by another controller, which may kill the job's pods meanwhile */
    EFFECT_DESTRUCTIVE, /* ends or deletes the job now */
};
const char *mpijob_effect_name(enum mpijob_effect effect); /* "at-finish" */

/* "stored" to "destructive": what a change may be said to do. */
bool mpijob_effect_find(const char *name, enum mpijob_effect *effect);

struct mpijob_verdict {
    enum mpijob_effect effect;
    bool may_destroy; /* under a controller or release that comes into question it is destructive */
    int answer; /* what the server will do with the request: ERR_REFUSED it, ERR_DROPPED: answer 200 and throw the value
                   away; 0: it takes it, as far as is known. With one of them the effect is UNKNOWN, or another's */
    /* With ERR_REFUSED: the server takes it in two writes, of which the first removes what stands there. Static; NULL:
     * it does not. */
    const char *remove_first;
    char why[512]; /* one sentence for people, with the cure where there is one */
};

/* Takes out the advice to change the child too: another change does so. */
void mpijob_advise_no_child(struct mpijob_verdict *verdict);

/* The verdict on a whole diff: that of its weightiest difference (destructive, reverted, unknown, effective, late,
 * at-finish, inert, stored), with the sentences of the others where they matter (an inert deadline beside an effective
 * policy is said). now: microseconds. */
void mpijob_judge(const struct mpijob_view *before, const struct mpijob_diff *diff, int64_t now,
                  struct mpijob_verdict *verdict);

#endif
