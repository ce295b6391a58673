/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's plugins, each tried in a sandbox, and the policies that require them. */
#ifndef MPIJOBD_CLI_PLUGINS_PLUGINS_LOOK_H
#define MPIJOBD_CLI_PLUGINS_PLUGINS_LOOK_H

#include "cli/session/session.h"
#include "json/value.h"

/* wrong: how many mistakes were told on standard error. What it leaves in the session's `error` fails the command. */
typedef void (*plugins_looked)(void *data, const struct policy_set *set, size_t wrong);
/* Loads them, with the policies of these paths (NULL-terminated, may be none). Without `locked` no lock is looked at.
 * 0, or the exit code after the error was told on standard error. */
int plugins_look(struct session *s, char **paths, bool locked, plugins_looked looked, void *data);

/* What the plugin says of itself; it does not exist where the plugin cannot be used. */
struct json plugin_said(const struct plugin *p);

#endif
