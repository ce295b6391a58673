/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this folder, by name; those of its subfolders have headers of their own. */
#ifndef MPIJOBD_CLI_COMMANDS_H
#define MPIJOBD_CLI_COMMANDS_H

#include "cli/session/command.h"

extern const struct command cmd_run, cmd_get, cmd_inspect, cmd_replace, cmd_rbac, cmd_why, cmd_version;

#endif
