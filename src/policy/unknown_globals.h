/* SPDX-License-Identifier: Apache-2.0 */
/* Globals that a policy file, or one that it requires, reads and that nothing makes: nil at best, when the line is
 * reached. */
#ifndef MPIJOBD_POLICY_UNKNOWN_GLOBALS_H
#define MPIJOBD_POLICY_UNKNOWN_GLOBALS_H

#include "policy/load.h"

/* When the file's own code has ended. Errors of the set where the environment wants them so, else warnings in the log.
 * ended_well: without an error. */
void policy_unknown_globals(struct policy_file *file, bool ended_well);

#endif
