/* SPDX-License-Identifier: Apache-2.0 */
/* `mpijobd state`, for the table of commands. */
#ifndef MPIJOBD_CLI_STATE_CMD_STATE_H
#define MPIJOBD_CLI_STATE_CMD_STATE_H

#include "cli/session/command.h"

extern const struct command cmd_state;

#endif
