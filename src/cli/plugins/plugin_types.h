/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations for the Lua language server of what a plugin says of itself: its exports, options, conditions, sinks and
 * kinds. */
#ifndef MPIJOBD_CLI_PLUGINS_PLUGIN_TYPES_H
#define MPIJOBD_CLI_PLUGINS_PLUGIN_TYPES_H

#include "plugin/plugin.h"
#include "json/value.h"

/* Appends a file of annotations by which `require "NAME"` is known. said: what the plugin says of itself. */
void plugin_types_write(struct buf *out, const struct plugin *plugin, struct json said);
/* Text of JSON as it is, on one line: a plugin's words could forge others. */
void plugin_put(struct buf *out, struct json value);

#endif
