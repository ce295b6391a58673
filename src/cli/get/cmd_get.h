/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd get. */
#ifndef MPIJOBD_CLI_GET_CMD_GET_H
#define MPIJOBD_CLI_GET_CMD_GET_H

#include "cli/session/command.h"

extern const struct command cmd_get;

#endif
