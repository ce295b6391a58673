/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the Lua modules that go away: from the release that has something better they work on for one minor
 * release, and `check` and `plugins` name their uses. */
#ifndef MPIJOBD_CLI_SESSION_DEPRECATED_H
#define MPIJOBD_CLI_SESSION_DEPRECATED_H

#include "policy/load.h"

/* Tells of each use in the policies, in the files of their own and in the plugins that they require or that were tried;
 * text: the file's, at: bytes into it. */
void deprecated_uses(const struct policy_set *set,
                     void (*tell)(void *data, const char *file, int line, struct str text, size_t at,
                                  const char *message),
                     void *data);

#endif
