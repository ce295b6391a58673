/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd attach. */
#ifndef MPIJOBD_CLI_ATTACH_CMD_ATTACH_H
#define MPIJOBD_CLI_ATTACH_CMD_ATTACH_H

#include "cli/session/command.h"

extern const struct command cmd_attach;

#endif
