/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd run. */
#ifndef MPIJOBD_CLI_RUN_CMD_RUN_H
#define MPIJOBD_CLI_RUN_CMD_RUN_H

#include "cli/session/command.h"

extern const struct command cmd_run;

#endif
