/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd rbac. */
#ifndef MPIJOBD_CLI_RBAC_CMD_RBAC_H
#define MPIJOBD_CLI_RBAC_CMD_RBAC_H

#include "cli/session/command.h"

extern const struct command cmd_rbac;

#endif
