/* The replacements of a run that are under way, as the run itself sees them; they are begun by run_replace (run.h). */
#ifndef MPIJOBD_RUN_RUN_REPLACE_H
#define MPIJOBD_RUN_RUN_REPLACE_H

#include "run/run.h"

/* Those that only wait for their effect any more end soon. */
void run_replaces_stop_waiting(struct run *run);
/* Gives up those that are under way. */
void run_replaces_abandon(struct run *run);

#endif
