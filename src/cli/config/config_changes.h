/* SPDX-License-Identifier: Apache-2.0 */
/* What another text of the configuration changes. */
#ifndef MPIJOBD_CLI_CONFIG_CONFIG_CHANGES_H
#define MPIJOBD_CLI_CONFIG_CONFIG_CHANGES_H

#include "base/buf.h"

/* Appends the keys whose values differ, each once, with commas between, as "http.timeout, notify.ops"; where the new
 * text cannot be read, why. Nothing: they say the same. No value is told. */
void config_changes(struct str was, struct str is, struct buf *out);

#endif
