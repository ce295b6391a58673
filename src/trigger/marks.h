/* Between a set of policies and its triggers: what the journal knows of each policy on a cluster, read on another
 * thread. */
#ifndef MPIJOBD_TRIGGER_MARKS_H
#define MPIJOBD_TRIGGER_MARKS_H

#include "site/site.h"
#include "trigger/schedule.h"

/* A run that an earlier daemon began and did not end. */
struct interrupted_run {
    int64_t id, scheduled_at; /* scheduled_at: microseconds since 1970 */
    char policy[64];
    bool scheduled; /* by a schedule or period, so it is to be finished; else it is only told of */
    bool dry_run;
};

/* Once, later, with one past for each entry of the set (in its order), valid during the call; or with err. */
typedef void (*marks_known)(void *data, const struct policy_set *set, struct schedule_past *past,
                            const struct error *err);
/* runs: what is to be finished, copied. ERR_NOMEM. It cannot be cancelled, and ends soon. */
int marks_read(struct site *site, struct policy_set *set, const struct interrupted_run *runs, size_t count,
               marks_known done, void *data, struct error *err);

#endif
