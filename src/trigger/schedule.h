/* When a policy is due: its schedule or period, with zone, jitter, what was missed and overlap. Its instants are
 * nominal; jitter delays the run, not the schedule. Periods count from 1970-01-01T00:00:00Z, so that they do not depend
 * on when the daemon started. */
#ifndef MPIJOBD_TRIGGER_SCHEDULE_H
#define MPIJOBD_TRIGGER_SCHEDULE_H

#include "policy/load.h"

/* The first nominal instant strictly after `after` (microseconds). ERR_NOT_FOUND: none will come. */
int policy_next_due(const struct policy *policy, int64_t after, int64_t *due, struct error *err);

/* The instants in (after, until], newest last, at most `max` of the newest in out; returns how many there were in all
 * (counted up to a bound of 100,000). */
size_t policy_due_between(const struct policy *policy, int64_t after, int64_t until, int64_t *out, size_t max);

struct schedule;
struct triggers;
/* What the journal knows of a policy when its trigger starts. */
struct schedule_past {
    bool seen; /* it has a mark: the last instant that was begun */
    int64_t mark;
    int64_t interrupted; /* journal id of an earlier run to finish first (its instant was scheduled_at); 0: none */
    int64_t scheduled_at;
    struct schedule
        *before; /* the same policy's before a reload: its place in time and what waits in it pass on. NULL: none */
};

/* One a policy and cluster. What was missed since the policy's mark is made up for at once. NULL: out of memory. */
struct schedule *schedule_start(struct triggers *triggers, const struct policy_entry *entry,
                                const struct schedule_past *past);
const char *schedule_policy(const struct schedule *schedule);
/* The list of triggers.c. */
struct schedule *schedule_next(const struct schedule *schedule);
void schedule_set_next(struct schedule *schedule, struct schedule *next);
/* A run of its policy has ended: what waits for its turn may run. */
void schedule_go_on(struct schedule *schedule);
/* No further runs; the schedule is freed when its last run has ended. */
void schedule_stop(struct schedule *schedule);

#endif
