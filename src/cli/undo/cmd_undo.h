/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd undo. */
#ifndef MPIJOBD_CLI_UNDO_CMD_UNDO_H
#define MPIJOBD_CLI_UNDO_CMD_UNDO_H

#include "cli/session/command.h"

extern const struct command cmd_undo;

#endif
