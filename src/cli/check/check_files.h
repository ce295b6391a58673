/* SPDX-License-Identifier: Apache-2.0 */
/* What `mpijobd check --watch` looks at: the files that a check reads. */
#ifndef MPIJOBD_CLI_CHECK_CHECK_FILES_H
#define MPIJOBD_CLI_CHECK_CHECK_FILES_H

#include "cli/session/options.h"

/* Paths in the folders to watch, NULL-terminated: of the policies, with the folders in them; of the configuration, its
 * policies and plugins; of the role. *files: freed with check_files_free. ERR_NOMEM. */
int check_files(const struct options *options, char ***files, struct error *err);
void check_files_free(char **files);

#endif
