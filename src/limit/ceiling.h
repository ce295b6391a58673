/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of an hour begins with what the journal tells of the last one, so that a restart forgets nothing. */
#ifndef MPIJOBD_LIMIT_CEILING_H
#define MPIJOBD_LIMIT_CEILING_H

#include "limit/hour.h"

struct journal;

/* Counts what policies have changed in the hour before `now` (microseconds since 1970), or may have; what people have
 * changed by hand does not count. hour was opened just now, with its ceiling. Blocks. Errors as of
 * journal_read_changes. */
int ceiling_read(struct journal *journal, int64_t now, struct hour *hour, struct error *err);

#endif
