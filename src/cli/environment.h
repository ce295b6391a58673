/* SPDX-License-Identifier: Apache-2.0 */
/* Files that libraries open by themselves, before there is a loop, because the environment names them. */
#ifndef MPIJOBD_CLI_ENVIRONMENT_H
#define MPIJOBD_CLI_ENVIRONMENT_H

#include <stdbool.h>

#include "base/error.h"

/* 0, or ERR_INVALID: one of them is neither a regular file nor /dev/null, so that opening it could wait for ever. */
int environment_check(struct error *err);

#endif
