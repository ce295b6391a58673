/* A policy with `on`, on one cluster: which jobs it has handled and which it still has to, by what the cache tells and
 * by time. A job that comes to match is queued once; a run takes what is queued, a batch at a time, and one run is
 * under way at most.
 *
 * Handled is handled: once for each time that the job comes to match (is added, finishes, is changed), also over a
 * restart. The mark is written with the change's intent, in one transaction; nothing else is remembered that the next
 * start could not find out. */
#ifndef MPIJOBD_TRIGGER_EVENT_TRIGGER_H
#define MPIJOBD_TRIGGER_EVENT_TRIGGER_H

#include "jobs/watches.h"

struct on_trigger;

/* Reads what is handled, waits for the cache, then acts. next: what on_trigger_next gives. NULL: out of memory. */
struct on_trigger *on_trigger_start(struct engine_cluster *at, const struct policy_entry *entry,
                                    struct held_cache *held, struct on_trigger *next);
/* The policy was loaded again: the same name, events and cache. False: it cannot go on (start another one). */
bool on_trigger_reload(struct on_trigger *t, const struct policy_entry *entry, const struct held_cache *held);
/* No further runs; it is freed when its run has ended, and at->ons_live then counts one less. */
void on_trigger_stop(struct on_trigger *t);

struct on_trigger *on_trigger_next(const struct on_trigger *t);
void on_trigger_set_next(struct on_trigger *t, struct on_trigger *next);
const char *on_trigger_policy(const struct on_trigger *t);

void on_trigger_event(struct on_trigger *t, const struct held_cache *held, const struct cache_event *event);
void on_trigger_synced(struct on_trigger *t, const struct held_cache *held);
void on_trigger_let_go(struct on_trigger *t, uint32_t slot); /* the job's loop is over */

size_t on_trigger_depth(const struct on_trigger *t); /* jobs that are queued */
/* Nothing to do, and nothing under way. */
bool on_trigger_idle(const struct on_trigger *t);

#endif
