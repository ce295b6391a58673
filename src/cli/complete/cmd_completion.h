/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd completion, and the hidden mpijobd __complete that its scripts ask. */
#ifndef MPIJOBD_CLI_COMPLETE_CMD_COMPLETION_H
#define MPIJOBD_CLI_COMPLETE_CMD_COMPLETION_H

#include "cli/session/command.h"

extern const struct command cmd_completion;

/* Prints what the last of the words (which may be empty) can become, given those before it; all of them are behind
 * "mpijobd". The first line is ":values", ":files" or ":folders"; after ":values" comes a line each: the value, and
 * behind a tab what it is. commands: NULL-terminated. Nothing is said on standard error, and it ends within some
 * seconds. Returns EXIT_DONE. */
int complete(int count, char **words, const struct command *const *commands);

#endif
