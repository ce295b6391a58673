/* SPDX-License-Identifier: Apache-2.0 */
/* What an effect looks like: the sign by which it is seen to have come, by field, controller and state. Data beside the
 * effect table (effect_table.c); what it does not name cannot be seen from outside, or only much later. */
#ifndef MPIJOBD_MPIJOB_EFFECT_EFFECT_SIGN_H
#define MPIJOBD_MPIJOB_EFFECT_EFFECT_SIGN_H

#include "mpijob/effect/child.h"

enum mpijob_sign {
    SIGN_NONE,
    SIGN_NO_WORKERS,      /* its worker pods are gone */
    SIGN_NO_LIVE_WORKERS, /* those that had not ended */
    SIGN_NO_PODS,         /* the launcher's too */
    SIGN_NO_LIVE_PODS,    /* those that had not ended, of all roles */
    SIGN_FAILED,          /* from here on of the job itself: its condition */
    SIGN_SUSPENDED,
    SIGN_RESUMED,
    SIGN_DELETED,
};
#define MPIJOB_SIGN_LAST SIGN_DELETED
const char *mpijob_sign_text(enum mpijob_sign sign); /* "its workers are gone" */
static inline bool mpijob_sign_of_pods(enum mpijob_sign sign)
{
    return sign >= SIGN_NO_WORKERS && sign <= SIGN_NO_LIVE_PODS;
}

/* horizon: microseconds; what is only due later than now and this is SIGN_NONE.
 * The sign of a change that was judged EFFECTIVE or DESTRUCTIVE; of others SIGN_NONE. plan: with through_child, or
 * NULL. */
enum mpijob_sign mpijob_effect_sign(const struct mpijob_view *before, const struct mpijob_diff *diff,
                                    const struct mpijob_child_plan *plan, const struct mpijob_verdict *verdict,
                                    int64_t now, int64_t horizon);

/* Has it come? Asked of the job: phase as it is now; deleted: no job has its uid any more. */
bool mpijob_sign_in_job(enum mpijob_sign sign, enum mpijob_phase phase, bool deleted);

/* One pod of the job, as far as a sign asks. */
struct mpijob_pod {
    bool worker, over; /* over: Succeeded or Failed */
};
/* False: it is another job's. uid: of the job that it may belong to. */
bool mpijob_pod_read(struct json pod, struct str uid, struct mpijob_pod *out);
/* Does this pod speak against the sign? */
bool mpijob_sign_hindered(enum mpijob_sign sign, const struct mpijob_pod *pod);

#endif
