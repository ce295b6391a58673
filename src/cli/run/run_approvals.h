/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that wait for approval, in a daemon: who may approve them by the configuration, and whom that is told. */
#ifndef MPIJOBD_CLI_RUN_RUN_APPROVALS_H
#define MPIJOBD_CLI_RUN_RUN_APPROVALS_H

#include "approval/approvals.h"
#include "cli/session/session.h"

/* As approvers_open. */
int run_approvers_open(struct session *s, struct approvers **approvers);
/* Notifies the sinks of approvers.notify, or all: a run waits, or its plan expires soon. */
void run_waits_tell(struct session *s, const struct approval *approval, bool soon);

#endif
