/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon does when its breaker has paused a policy: that is kept, and people are told. */
#ifndef MPIJOBD_CLI_SESSION_TRIPPED_H
#define MPIJOBD_CLI_SESSION_TRIPPED_H

#include "cli/session/session.h"
#include "pause/paused.h"

/* Keeps the pause in the state, and notifies the sinks of breaker.notify, or all, on which nothing waits. */
void session_tripped(struct session *s, const struct paused_mark *mark);

#endif
