/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of lua/policies and lua/policies/kinds, and their specs, which are in the program. */
#ifndef MPIJOBD_CLI_PLUGINS_COOKBOOK_H
#define MPIJOBD_CLI_PLUGINS_COOKBOOK_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the policy's text (part ""), that of its spec ("_spec"), or of the jobs that the spec begins with ("_jobs"),
 * as one with another name. False: there is no such policy, or it has no such part. */
bool cookbook_text(const char *policy, const char *part, const char *name, struct buf *out);
/* The name nearest to a word; NULL: none is near. */
const char *cookbook_nearest(const char *word);
/* A line for each: its name, and what it is for. */
void cookbook_list(struct buf *out);

#endif
