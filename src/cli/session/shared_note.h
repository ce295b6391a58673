/* SPDX-License-Identifier: Apache-2.0 */
/* What a command reads in the state's file where the daemons share their state in the cluster. */
#ifndef MPIJOBD_CLI_SESSION_SHARED_NOTE_H
#define MPIJOBD_CLI_SESSION_SHARED_NOTE_H

#include "cli/session/session.h"

/* Where the configuration says that the daemons share their state, and --state names no file: says on standard error
 * that this host's file is read, what of it may be another in the cluster, and what tells that: "mpijobd status". */
void session_tell_shared(struct session *s, const char *what, const char *ask);

#endif
