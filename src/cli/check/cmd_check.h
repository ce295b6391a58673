/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this folder. */
#ifndef MPIJOBD_CLI_CHECK_CMD_CHECK_H
#define MPIJOBD_CLI_CHECK_CMD_CHECK_H

#include "cli/session/command.h"

extern const struct command cmd_check, cmd_next;

#endif
