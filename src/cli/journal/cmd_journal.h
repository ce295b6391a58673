/* SPDX-License-Identifier: Apache-2.0 */
/* `mpijobd journal` and `mpijobd runs`, for the table of commands. */
#ifndef MPIJOBD_CLI_JOURNAL_CMD_JOURNAL_H
#define MPIJOBD_CLI_JOURNAL_CMD_JOURNAL_H

#include "cli/session/command.h"

extern const struct command cmd_journal, cmd_runs;

#endif
