/* The step before a write leaves: whoever bounds changes lets each one pass or refuses it, at once or later. Limits
 * answer at once; an approval, a rate, or a queue at an overloaded server answers later. */
#ifndef MPIJOBD_CHANGE_GATE_H
#define MPIJOBD_CHANGE_GATE_H

#include <stdbool.h>

#include "base/error.h"
#include "mpijob/change/change.h"
#include "mpijob/view.h"

/* What is about to be written. Valid during the call that asks. */
struct change_intent {
    const struct mpijob_view *view; /* the job as it was looked at; NULL: another kind of object, or a new one */
    const char *uid, *looked_at;    /* of the object and its resourceVersion; "" for a new one */
    const struct mpijob_diff *diff; /* empty for what is made or removed as a whole */
};

/* One change at the gate. It is the change's own, and stays where it is until it is answered or cancelled. */
struct gate_wait {
    void (*answered)(struct gate_wait *wait, const struct error *refused); /* set by the change */
    /* Set by a gate that answers later: the change is given up, and gate_answer must not come any more. */
    void (*cancel)(struct gate_wait *wait);
    void *data;   /* the gate's */
    bool waiting; /* it was asked, and has not answered yet */
};

/* Asked once for each write that would leave: for a change that meets a conflict, again with what was read anew. It
 * calls gate_answer once, from within or later. data: change_call.data. */
typedef void (*change_gate)(void *data, struct gate_wait *wait, const struct change_intent *intent);

/* refused NULL: it may leave. The change goes on from within this call. */
static inline void gate_answer(struct gate_wait *wait, const struct error *refused)
{
    wait->waiting = false;
    wait->answered(wait, refused);
}

#endif
