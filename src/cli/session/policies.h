/* Loading policies for a command, and telling what is wrong with them. */
#ifndef MPIJOBD_CLI_SESSION_POLICIES_H
#define MPIJOBD_CLI_SESSION_POLICIES_H

#include "cli/session/session.h"

/* Makes the engine (what is not set in options is filled in here) and loads the arguments' paths, or the
 * configuration's. 0, or the exit code after the findings were told on standard error, all of them. */
int policies_load(struct session *s, struct engine_options *options, char **paths);

#endif
