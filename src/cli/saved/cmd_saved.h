/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd report --saved. */
#ifndef MPIJOBD_CLI_SAVED_CMD_SAVED_H
#define MPIJOBD_CLI_SAVED_CMD_SAVED_H

#include "cli/session/command.h"

/* Returns the exit code. */
int cmd_saved(const struct command *command, const struct options *options);

#endif
