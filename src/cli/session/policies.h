/* SPDX-License-Identifier: Apache-2.0 */
/* Loading policies for a command, and printing what is wrong with them. */
#ifndef MPIJOBD_CLI_SESSION_POLICIES_H
#define MPIJOBD_CLI_SESSION_POLICIES_H

#include "cli/session/session.h"

/* Makes the engine (what is not set in options is filled in here) and loads the arguments' paths, or the
 * configuration's. 0, or the exit code after all errors were printed on standard error. */
int policies_load(struct session *s, struct engine_options *options, char **paths);
/* What every engine of a session has: the loop and what goes with it, the configuration's plugins and limits. */
void policies_basics(struct session *s, struct engine_options *options);

#endif
