/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of `mpijobd run`. */
#ifndef MPIJOBD_CLI_RUN_RUN_CONTROL_H
#define MPIJOBD_CLI_RUN_RUN_CONTROL_H

#include "cli/session/session.h"

struct approvers;
struct control;
struct lines;
struct verbs;

struct run_control {
    struct control *control; /* NULL: the daemon cannot be asked */
    struct verbs *verbs;
    struct approvers *approvers; /* who may decide, besides its own user and root; NULL: nobody. The caller's */
    struct lines *lines; /* of the log; the caller's, and open for as long as anything logs. NULL: none are kept */
};

/* When the engine is there. A path that was asked for has to work; without the default one the daemon runs all the
 * same, and says so. within: its verbs are asked from within, too, so they are there even without a socket. 0, or the
 * exit code. */
int run_control_open(struct session *s, struct quarantine *quarantine, bool within, struct run_control *c);
/* Before the engine goes. Requests that wait are given up. What they have under way ends on the loop. */
void run_control_close(struct run_control *c);

#endif
