/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that `mpijobd check` is given by their folder, as an author has them before any configuration names them. */
#ifndef MPIJOBD_CLI_CHECK_CHECK_PLUGINS_H
#define MPIJOBD_CLI_CHECK_CHECK_PLUGINS_H

#include "cli/session/session.h"

/* Adds to the session's configuration each of these paths (NULL-terminated) that is a plugin's folder and that it does
 * not name already. 0; ERR_NOMEM. */
int check_plugins_add(struct session *s, char *const *paths);

#endif
