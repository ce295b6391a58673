/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that ask a running daemon. */
#ifndef MPIJOBD_CLI_ASK_CMD_ASK_H
#define MPIJOBD_CLI_ASK_CMD_ASK_H

#include "cli/session/command.h"

extern const struct command cmd_status, cmd_trigger, cmd_pause, cmd_resume, cmd_reload, cmd_eval, cmd_approve,
    cmd_reject, cmd_extend, cmd_log_level;

#endif
