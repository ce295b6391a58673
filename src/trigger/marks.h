/* Between a set of policies and its triggers: what the journal knows of each policy on a cluster, read on another
 * thread. */
#ifndef MPIJOBD_TRIGGER_MARKS_H
#define MPIJOBD_TRIGGER_MARKS_H

#include "engine/engine_cluster.h"
#include "engine/recover.h"
#include "trigger/schedule.h"

/* done: once, with one past for each entry of the set (in its order), or with err. at->arming is set until then. */
typedef void (*arming_done)(void *data, struct policy_set *set, struct trigger_past *past, const struct error *err);
int arming_start(struct engine_cluster *at, struct policy_set *set, const struct interrupted_run *runs, size_t count,
                 arming_done done, void *data, struct error *err);

#endif
