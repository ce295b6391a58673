/* SPDX-License-Identifier: Apache-2.0 */
/* A policy with `on`, on one cluster and for one of its kinds: which jobs it has handled and which it still has to
 * handle, by what the cache tells and by time. A job that comes to match is queued once; a run takes what is queued, a
 * batch at a time, and one run of the policy is under way at most, whichever of its kinds it is about.
 *
 * Each job is handled once for each time that it comes to match (is added, finishes, is changed), also over a restart.
 * The mark for it, a row of the state, is written with the change's intent, in one transaction. Nothing else is
 * remembered over a restart: the next start can find out the rest. */
#ifndef MPIJOBD_TRIGGER_EVENT_TRIGGER_H
#define MPIJOBD_TRIGGER_EVENT_TRIGGER_H

#include "jobs/watches.h"
#include "run/runs.h"

struct event_trigger;
struct triggers;

/* Waits for the end of the policy's runs that began before it, reads what is handled, waits for the cache, then acts.
 * resumed: the instant of a run of it that an earlier daemon did not end (microseconds since 1970; 0: no such run): the
 * jobs that are to be handled at the start have theirs for that instant, too. next: what event_trigger_next gives.
 * NULL: out of memory. */
struct event_trigger *event_trigger_start(struct triggers *of, const struct policy_entry *entry, struct job_cache *held,
                                          int64_t resumed, struct event_trigger *next);
/* Is it the same policy of the same set, on the same cache? Then the trigger goes on as it was: what it has given up
 * stays so, and what it waits for, too. False: it is to be reloaded. */
bool event_trigger_keeps(struct event_trigger *t, const struct policy_entry *entry, const struct job_cache *held);
/* The policy was loaded again: goes on with the new text, if that has the same events and cache. False: it cannot, and
 * another one is to be started. */
bool event_trigger_reload(struct event_trigger *t, const struct policy_entry *entry, const struct job_cache *held);
/* No further runs, and no further jobs for the run that is under way; what becomes of the jobs that this run has is
 * still written down. The trigger is freed when its run has ended, and site->open then counts one less. */
void event_trigger_stop(struct event_trigger *t);
/* A run of its policy has ended. It may have begun before this trigger. */
void event_trigger_go_on(struct event_trigger *t);

struct event_trigger *event_trigger_next(const struct event_trigger *t);
void event_trigger_set_next(struct event_trigger *t, struct event_trigger *next);
const char *event_trigger_policy(const struct event_trigger *t);
const struct mpijob_kind *event_trigger_kind(const struct event_trigger *t);

/* What the watches tell of any cache; those of another cache than the trigger's do nothing. */
void event_trigger_event(struct event_trigger *t, const struct job_cache *held, const struct cache_event *event);
void event_trigger_synced(struct event_trigger *t, const struct job_cache *held);
/* The job's Workload has changed; NULL: that of any job may have (struct watch_subscriber). */
void event_trigger_workload(struct event_trigger *t, const struct workload_job *job);
/* The job is in no loop of policies any more: what was given up because of it is looked at again. */
void event_trigger_let_go(struct event_trigger *t, uint32_t slot);

/* How many jobs the policy has handled, of those that are there; -1: that is not known yet. */
int64_t event_trigger_handled(const struct event_trigger *t);
/* Of a policy that waits (policy_waits): jobs that match, and on which it does not act yet. */
struct event_waiting {
    size_t jobs, warned;
    size_t unwarned; /* a warning is due, and a try to give it has failed */
};
struct event_waiting event_trigger_waiting(const struct event_trigger *trigger);
size_t event_trigger_depth(const struct event_trigger *t); /* jobs that are queued */
/* When a job that waits for its time, for `where` to be asked again, or for the policy's window is due next:
 * microseconds since 1970; INT64_MAX: none waits. */
int64_t event_trigger_due(const struct event_trigger *t);
/* There is nothing to do, and nothing is under way. */
bool event_trigger_idle(const struct event_trigger *t);

#endif
