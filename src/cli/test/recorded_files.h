/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a recorded run's policy, as they were loaded then. */
#ifndef MPIJOBD_CLI_TEST_RECORDED_FILES_H
#define MPIJOBD_CLI_TEST_RECORDED_FILES_H

#include "cli/test/packed.h"

/* Writes them into the folder, where they stand to each other as they stood. *policy: the path of the policy's own, the
 * caller's to free. Errors as of packed_write. */
int recorded_files_write(struct packed *packed, struct str recording, char **policy, struct error *err);

#endif
