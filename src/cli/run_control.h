/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket of `mpijobd run`. */
#ifndef MPIJOBD_CLI_RUN_CONTROL_H
#define MPIJOBD_CLI_RUN_CONTROL_H

#include "cli/session/session.h"

struct control;
struct verbs;

struct run_control {
    struct control *control; /* NULL: the daemon cannot be asked */
    struct verbs *verbs;
};

/* A path that was asked for has to work; without the default one the daemon runs all the same, and says so. 0, or the
 * exit code. */
int run_control_open(struct session *s, struct run_control *c);
/* Requests that wait are given up. What they have under way ends on the loop. */
void run_control_close(struct run_control *c);

#endif
