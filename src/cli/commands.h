/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of this folder, by name; those of its subfolders have headers of their own. */
#ifndef MPIJOBD_CLI_COMMANDS_H
#define MPIJOBD_CLI_COMMANDS_H

#include "cli/session/command.h"

extern const struct command cmd_hold, cmd_inspect, cmd_replace, cmd_why, cmd_version;

/* What `replace` does with these options, whose arguments are a name and changes, for a command that takes the same
 * groups. Returns the exit code. */
int replace_by_options(const struct command *command, const struct options *options);
/* --through-child and --through-launcher: a usage error where they do not fit, else EXIT_DONE. */
int replace_child_usage(const struct command *command, const struct options *options);

#endif
