/* SPDX-License-Identifier: Apache-2.0 */
/* What the system has to allow a daemon. */
#ifndef MPIJOBD_CLI_RUN_RUN_LIMITS_H
#define MPIJOBD_CLI_RUN_RUN_LIMITS_H

#include "cli/session/session.h"

/* Reckons how many descriptors the daemon of this session, whose clusters are chosen, may need, and raises the limit.
 * watches_max: how many watches that leaves for scripts on each cluster; a warning is logged where these are fewer than
 * there might be. 0; ERR_LIMIT in s->error: there are too few even without them. */
int run_limits(struct session *s, unsigned *watches_max);

#endif
