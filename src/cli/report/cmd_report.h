/* SPDX-License-Identifier: Apache-2.0 */
/* `mpijobd report`, for the table of commands. */
#ifndef MPIJOBD_CLI_REPORT_CMD_REPORT_H
#define MPIJOBD_CLI_REPORT_CMD_REPORT_H

#include "cli/session/command.h"

extern const struct command cmd_report;

#endif
