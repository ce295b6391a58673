/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy's source needs, found by reading it: its comments and strings are left out, nothing of it is run. */
#ifndef MPIJOBD_CLI_SESSION_SOURCE_NEEDS_H
#define MPIJOBD_CLI_SESSION_SOURCE_NEEDS_H

#include "binding/base/permissions.h"

/* The permissions (MAY_...) on jobs of that kind, for the functions of its module that the source names. Those of the
 * other modules, of launchers and of pods are counted with MPIJobs. A use of a module that is not followed
 * (`local m = mpijob`, `require`; _G, _ENV, load and a computed name in `require` for MPIJobs) counts as get, list and
 * replace. */
unsigned needs_of_source(struct str source, const struct mpijob_kind *kind);
/* Calls found for each place where the source names that function of that module. */
void source_uses(struct str source, const char *module, const char *function, void (*found)(void *data, size_t at),
                 void *data);

#endif
