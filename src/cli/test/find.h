/* SPDX-License-Identifier: Apache-2.0 */
/* Which spec files there are. */
#ifndef MPIJOBD_CLI_TEST_FIND_H
#define MPIJOBD_CLI_TEST_FIND_H

#include "base/error.h"

/* paths: spec files, policies (their spec beside), and folders (all specs in them, at any depth, without hidden
 * folders), NULL-terminated; none: the current folder. A list of files, NULL-terminated and in the order of their names
 * within a folder, freed by the caller in one piece. ERR_NOT_FOUND: a path that is not there, a policy without a spec,
 * or no spec at all; ERR_IO, ERR_NOMEM. */
int find_specs(char **paths, char ***files, struct error *err);

#endif
