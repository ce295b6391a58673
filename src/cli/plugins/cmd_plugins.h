/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this folder, by name. */
#ifndef MPIJOBD_CLI_PLUGINS_CMD_PLUGINS_H
#define MPIJOBD_CLI_PLUGINS_CMD_PLUGINS_H

#include "cli/session/command.h"

extern const struct command cmd_plugins, cmd_new, cmd_types;

#endif
