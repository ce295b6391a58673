/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and reading policy files; see policy/load.h for what they are. */
#ifndef MPIJOBD_POLICY_LOAD_FILES_H
#define MPIJOBD_POLICY_LOAD_FILES_H

#include "policy/load.h"

/* Adds the files of these paths to the set, each with its text or why it could not be read. Blocks: for a worker
 * thread, which alone has the set meanwhile. What is wrong with a path is an error of the set's. */
void policy_files_read(struct policy_set *set, const struct policy_env *env, const char *const *paths);

/* file, message: copied. Never fails: without memory the set has that error. */
void policy_set_add_error(struct policy_set *set, const char *file, int line, const char *message);

#endif
