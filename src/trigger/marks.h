/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the state knows of each policy of a set on a cluster, before its triggers start: on another thread. */
#ifndef MPIJOBD_TRIGGER_MARKS_H
#define MPIJOBD_TRIGGER_MARKS_H

#include "site/site.h"
#include "trigger/schedule.h"

/* A run that an earlier daemon began and did not end. One that is neither of both is only told of. */
struct interrupted_run {
    int64_t id;           /* of its row in the journal */
    int64_t scheduled_at; /* microseconds since 1970 */
    int64_t started_at;   /* the same */
    char policy[64];
    bool scheduled; /* by a schedule or period, so it is to be finished */
    bool by_event;  /* its jobs are taken up by the policy's next runs, for the same instant */
    bool dry_run;
};

/* Is it the trigger of a run by an event of jobs? */
bool marks_by_event(const char *trigger);
/* Called once, later: with one past for each entry of the set, in the set's order, valid during the call;
 * or with err. */
typedef void (*marks_known)(void *data, const struct policy_set *set, struct schedule_past *past,
                            const struct error *err);
/* runs: those that are to be finished, copied. 0, or ERR_NOMEM: then done is not called. The reading cannot be
 * cancelled, and ends soon. */
int marks_read(struct site *site, struct policy_set *set, const struct interrupted_run *runs, size_t count,
               marks_known done, void *data, struct error *err);

#endif
