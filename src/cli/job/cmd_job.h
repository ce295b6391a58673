/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd job. */
#ifndef MPIJOBD_CLI_JOB_CMD_JOB_H
#define MPIJOBD_CLI_JOB_CMD_JOB_H

#include "cli/session/command.h"

extern const struct command cmd_job;

#endif
