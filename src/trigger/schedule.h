/* SPDX-License-Identifier: Apache-2.0 */
/* When a policy is due: its schedule or period, with zone, window, jitter, what was missed and overlap. Its instants
 * are nominal; jitter delays the run, not the schedule. Instants that come while its window is closed are one, that of
 * the next opening. Periods count from 1970-01-01T00:00:00Z, so that they do not depend on when the daemon started. */
#ifndef MPIJOBD_TRIGGER_SCHEDULE_H
#define MPIJOBD_TRIGGER_SCHEDULE_H

#include "policy/load.h"

struct schedule;
struct triggers;
/* What is known of a policy when its schedule starts. Instants are microseconds since 1970. */
struct schedule_past {
    bool seen;            /* the policy has a mark */
    int64_t mark_us;      /* the last instant whose run was begun */
    int64_t interrupted;  /* id, in the journal, of an earlier run that is to be finished first, or, by events, whose
                             jobs are taken up; 0: no such run */
    int64_t scheduled_at; /* that run's instant */
    /* The policy's schedule before a reload: its place in time, and what waits in it, pass on. NULL: it had none. */
    struct schedule *before;
};

/* One a policy and cluster. The runs that were missed since the policy's mark begin at once, as the policy's `missed`
 * says. NULL: out of memory. */
struct schedule *schedule_start(struct triggers *triggers, const struct policy_entry *entry,
                                const struct schedule_past *past);
const char *schedule_policy(const struct schedule *schedule);
/* The next one in the list of triggers.c; NULL: it is the last. */
struct schedule *schedule_next(const struct schedule *schedule);
void schedule_set_next(struct schedule *schedule, struct schedule *next);
/* When it is due next, jitter included: microseconds since 1970; INT64_MAX: never. */
int64_t schedule_due(const struct schedule *schedule);
/* A run of its policy has ended: what waits for its turn may run. */
void schedule_go_on(struct schedule *schedule);
/* No further runs; the schedule is freed when its last run has ended. */
void schedule_stop(struct schedule *schedule);

#endif
