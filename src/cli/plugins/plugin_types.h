/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations for the Lua language server of what a plugin says of itself: its exports, options, conditions, sinks and
 * kinds. */
#ifndef MPIJOBD_CLI_PLUGINS_PLUGIN_TYPES_H
#define MPIJOBD_CLI_PLUGINS_PLUGIN_TYPES_H

#include "policy/load.h"
#include "json/value.h"

/* Appends a file of annotations by which `require "NAME"` is known. said: what the plugin says of itself. */
void plugin_types_write(struct buf *out, const struct plugin *plugin, struct json said);
/* Appends those of all plugins of the set that can be used. */
void plugin_types_all(struct buf *out, const struct policy_set *set);
/* Writes a file NAME.lua for each into the folder, which is made where it is missing, and says so on standard output;
 * those of earlier plugins are removed. 0; ERR_IO, ERR_NOMEM. */
int plugin_types_install(const struct policy_set *set, const char *folder, struct error *err);
/* Text of JSON as it is, on one line: a plugin's words could forge others. */
void plugin_put(struct buf *out, struct json value);

#endif
