/* SPDX-License-Identifier: Apache-2.0 */
/* The triggers of the policies in force on one cluster: schedules and periods (schedule.h), and events of jobs
 * (event_trigger.h). */
#ifndef MPIJOBD_TRIGGER_TRIGGERS_H
#define MPIJOBD_TRIGGER_TRIGGERS_H

#include "jobs/watches.h"
#include "run/runs.h"

struct event_trigger;
struct event_waiting;
struct schedule;
struct schedule_past;

struct triggers {
    struct runs *runs;
    struct schedule *schedules;       /* list */
    struct event_trigger *events;     /* list */
    struct watch_subscriber listener; /* hands what the watches tell to the event triggers */
    bool listening;                   /* it is subscribed */
    unsigned scan_turn, scan_left;    /* jobs that the event triggers may still look at in this turn of the loop */
};

void triggers_init(struct triggers *triggers, struct runs *runs);

/* The triggers of the set take over from those in force, each from the one of its policy's name: its place in time,
 * what waits in it, what it has handled. The set may be the one in force, with other policies paused: an event trigger
 * whose policy runs on goes on as it was. past: what the state knows, one for each entry of the set (marks.h). Returns
 * how many triggers there are. What fails is logged. */
size_t triggers_put_in_force(struct triggers *triggers, const struct policy_set *set, struct schedule_past *past);
/* Only the event triggers, and all of them begin again: the versions that the cluster serves are others, so the watches
 * are, too. */
void triggers_renew_events(struct triggers *triggers, const struct policy_set *set);
/* Do the versions that the cluster serves now bring schedules of the set in force, or out of it? Then the set has to be
 * put in force again. */
bool triggers_stale(const struct triggers *triggers, const struct policy_set *set);
/* No trigger is in force any more. site->open counts the event triggers that are not closed yet. */
void triggers_stop(struct triggers *triggers);

/* A run of that policy has ended: the schedule or event trigger in force that waited for it goes on. */
void triggers_go_on(struct triggers *triggers, const char *policy);

/* No event trigger has anything to do, or under way. */
bool triggers_idle(const struct triggers *triggers);
/* When the policy acts next, as far as that is known, and how many jobs wait for a run of it now. Microseconds since
 * 1970; INT64_MAX: not by time. */
int64_t triggers_due(const struct triggers *triggers, const char *policy, size_t *depth);
/* How many jobs a policy with `on` has handled, of those that are there; -1: that is not known yet, or it has none. */
int64_t triggers_handled(const struct triggers *triggers, const char *policy);
/* Of a policy that waits; zeros: it has no such trigger. See event_trigger.h. */
struct event_waiting triggers_waiting(const struct triggers *triggers, const char *policy);
/* The schedule in force of that policy; NULL: it has no schedule. */
struct schedule *triggers_schedule(const struct triggers *triggers, const char *policy);
/* Calls visit for each policy with `on`; depth: how many jobs wait for a run of it. */
void triggers_each_queue(const struct triggers *triggers, void (*visit)(void *data, const char *policy, size_t depth),
                         void *data);

#endif
