/* At a start: what an earlier daemon left unfinished on a cluster. Each change that was in flight is looked up on the
 * server and its row closed: done after all ("done-unseen"), not done ("not-done"), or nobody can tell ("lost"). Runs
 * without an end are closed as interrupted and handed back, so that they can be finished. */
#ifndef MPIJOBD_ENGINE_RECOVERY_H
#define MPIJOBD_ENGINE_RECOVERY_H

#include "engine/engine_parts.h"

struct recovery;

/* done: count is what has to be finished, the newest of each policy. The cluster has to be connected. err: the journal
 * or the server failed; try again. */
typedef void (*recovered)(void *data, const struct interrupted_run *runs, size_t count, const struct error *err);
int recovery_start(struct engine_cluster *at, recovered done, void *data, struct recovery **recovery,
                   struct error *err);
void recovery_cancel(struct recovery *recovery); /* done is not called */

#endif
