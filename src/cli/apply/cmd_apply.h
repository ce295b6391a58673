/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd apply. */
#ifndef MPIJOBD_CLI_APPLY_CMD_APPLY_H
#define MPIJOBD_CLI_APPLY_CMD_APPLY_H

#include "cli/session/command.h"

extern const struct command cmd_apply;

#endif
