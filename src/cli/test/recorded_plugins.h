/* SPDX-License-Identifier: Apache-2.0 */
/* The plugins of a recorded run beside those of today: a recording has their names and sums, not their texts. */
#ifndef MPIJOBD_CLI_TEST_RECORDED_PLUGINS_H
#define MPIJOBD_CLI_TEST_RECORDED_PLUGINS_H

#include "base/buf.h"
#include "plugin/plugin.h"

/* What to do where one is missing: for policies that are done again. */
#define RECORDED_PLUGIN_CURE                                                                                           \
    "; the plugins of a run that is done again are those of a configuration: name one whose `plugins` has it by "      \
    "--config FILE"

/* Reads the plugins at these places. Appends a line to `told` for each that is another one than the run had. needed:
 * one that the run had and that is at none of them is ERR_NOT_FOUND. ERR_NOMEM. Blocks. */
int recorded_plugins_compare(struct str recording, long long run, const struct plugin_place *places, size_t count,
                             bool needed, struct buf *told, struct error *err);

#endif
