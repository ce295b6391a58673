/* SPDX-License-Identifier: Apache-2.0 */
/* How many jobs are in the scope of a policy: those that listing_scope counts. */
#ifndef MPIJOBD_JOBS_SCOPE_COUNT_H
#define MPIJOBD_JOBS_SCOPE_COUNT_H

#include "policy/load.h"
#include "site/site.h"

struct watches;
struct scope_count;
/* Called once, never from within scope_count_start. err: why they could not be counted (as of listing_error); else
 * NULL. */
typedef void (*scope_counted)(void *data, int64_t jobs, const struct error *err);

/* Counts the jobs of all kinds of the policy. site and watches outlive it; the policy is held meanwhile. 0 or
 * ERR_NOMEM, and then done is not called. */
int scope_count_start(const struct site *site, struct watches *watches, const struct policy_entry *entry,
                      scope_counted done, void *data, struct scope_count **out, struct error *err);
/* done comes soon, with ERR_CANCELLED. */
void scope_count_cancel(struct scope_count *count);

#endif
