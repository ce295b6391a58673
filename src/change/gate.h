/* SPDX-License-Identifier: Apache-2.0 */
/* The step before a write leaves: a gate lets each change pass or refuses it, at once or later. The limits of a run
 * answer at once, its pace when it is the change's turn (run/bounds.h). An approval or a queue before an overloaded
 * server will answer later, too. */
#ifndef MPIJOBD_CHANGE_GATE_H
#define MPIJOBD_CHANGE_GATE_H

#include <stdbool.h>

#include "base/error.h"
#include "mpijob/change/job_changes.h"
#include "mpijob/view.h"

struct change;

/* What is about to be written. Valid during the call of the gate. */
struct change_intent {
    const struct change *change;    /* for change_outline */
    const struct mpijob_view *view; /* the job as it was read; NULL: another kind of object, or a new one */
    const char *uid, *looked_at;    /* the object's uid and resourceVersion; "" for a new one */
    const struct mpijob_diff *diff; /* empty for an object that is created or deleted */
};

/* One change at the gate. The change owns it, and it stays in place until it is answered or cancelled. */
struct gate_wait {
    void (*answered)(struct gate_wait *wait, const struct error *refused); /* set by the change */
    /* Set by a gate that answers later. Called when the change is cancelled; gate_answer must not follow it. */
    void (*cancel)(struct gate_wait *wait);
    void *data;   /* the gate's */
    bool kept;    /* set by a gate that keeps the change for later: let through, it ends as in a dry run */
    bool waiting; /* the gate was called, and has not answered yet */
};

/* Called for each write that would leave; after a conflict, again with the object as it was read then. It calls
 * gate_answer once, from within or later. data: change_call.data. */
typedef void (*change_gate)(void *data, struct gate_wait *wait, const struct change_intent *intent);

/* refused NULL: the write may leave. Otherwise the change ends with this error. It goes on from within this call. */
static inline void gate_answer(struct gate_wait *wait, const struct error *refused)
{
    wait->waiting = false;
    wait->answered(wait, refused);
}

#endif
