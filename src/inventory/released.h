/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs gave their GPUs back, by the journal: when a change removed the workers of a job that had ended. */
#ifndef MPIJOBD_INVENTORY_RELEASED_H
#define MPIJOBD_INVENTORY_RELEASED_H

#include "base/error.h"
#include "base/str.h"
#include "store/journal.h"

struct released;

/* Reads the changes since `since` (microseconds since 1970). ERR_NOMEM, or what journal_read_changes returns. */
int released_read(struct journal *journal, int64_t since, struct released **released, struct error *err);
void released_free(struct released *released); /* NULL is ignored */
/* When the workers of the job with this uid went, in microseconds since 1970; false where the journal does not say.
 * released may be NULL. */
bool released_at(const struct released *released, struct str uid, int64_t *at);

#endif
