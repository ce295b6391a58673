/* SPDX-License-Identifier: Apache-2.0 */
/* `mpijobd plan`, for the table of commands. */
#ifndef MPIJOBD_CLI_PLAN_CMD_PLAN_H
#define MPIJOBD_CLI_PLAN_CMD_PLAN_H

#include "cli/session/command.h"

extern const struct command cmd_plan;

#endif
