/* SPDX-License-Identifier: Apache-2.0 */
/* `mpijobd doctor`, for the table of commands. */
#ifndef MPIJOBD_CLI_DOCTOR_CMD_DOCTOR_H
#define MPIJOBD_CLI_DOCTOR_CMD_DOCTOR_H

#include "cli/session/command.h"

extern const struct command cmd_doctor;

#endif
