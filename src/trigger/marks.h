/* Between a set of policies and its triggers: what the journal knows of each policy on a cluster, read on another
 * thread. */
#ifndef MPIJOBD_TRIGGER_MARKS_H
#define MPIJOBD_TRIGGER_MARKS_H

#include "engine/engine_cluster.h"
#include "engine/recover.h"
#include "trigger/schedule.h"

/* done: once, with one past for each entry of the set (in its order), or with err. at->marks_reading is set until then.
 */
typedef void (*marks_known)(void *data, struct policy_set *set, struct schedule_past *past, const struct error *err);
int marks_read(struct engine_cluster *at, struct policy_set *set, const struct interrupted_run *runs, size_t count,
               marks_known done, void *data, struct error *err);

#endif
