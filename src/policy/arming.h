/* Between a set of policies and its triggers: what the journal knows of each policy on a cluster, read on another
 * thread. */
#ifndef MPIJOBD_POLICY_ARMING_H
#define MPIJOBD_POLICY_ARMING_H

#include "policy/engine_cluster.h"
#include "policy/recover.h"
#include "policy/trigger.h"

/* done: once, with one past for each entry of the set (in its order), or with err. at->arming is set until then. */
typedef void (*arming_done)(void *data, struct policy_set *set, struct trigger_past *past, const struct error *err);
int arming_start(struct engine_cluster *at, struct policy_set *set, const struct interrupted_run *runs, size_t count,
                 arming_done done, void *data, struct error *err);

#endif
