/* SPDX-License-Identifier: Apache-2.0 */
/* mpijobd test. */
#ifndef MPIJOBD_CLI_TEST_CMD_TEST_H
#define MPIJOBD_CLI_TEST_CMD_TEST_H

#include "cli/session/command.h"

extern const struct command cmd_test;

#endif
