/* SPDX-License-Identifier: Apache-2.0 */
/* Loading policies for a command, and printing what is wrong with them. */
#ifndef MPIJOBD_CLI_SESSION_POLICIES_H
#define MPIJOBD_CLI_SESSION_POLICIES_H

#include "cli/session/session.h"

/* Are there paths, or policies in the configuration? 0, or EXIT_USAGE after the error was printed: for a command that
 * should make nothing without them. */
int policies_named(struct session *s, char **paths);
/* Makes the engine (what is not set in options is filled in here) and loads the arguments' paths, or the
 * configuration's. 0, or the exit code after all errors were printed on standard error. */
int policies_load(struct session *s, struct engine_options *options, char **paths);
/* What every engine of a session has: the loop and what goes with it, the configuration's plugins and limits. */
void policies_basics(struct session *s, struct engine_options *options);
/* For a command that asks no cluster: what jobs can have, by the versions that are configured, or by --api-version and
 * --controller. known: room for as many as there are clusters in the configuration. Returns how many. */
size_t policies_configured(const struct session *s, struct policy_known *known);

#endif
