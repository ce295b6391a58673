/* SPDX-License-Identifier: Apache-2.0 */
/* When runs of a policy may begin: its window, less its days off, less the freezes of all policies. What falls due
 * while it is closed waits for the next opening; a run that began before may finish. Instants are microseconds since
 * 1970. */
#ifndef MPIJOBD_POLICY_DEFINITION_OPENING_H
#define MPIJOBD_POLICY_DEFINITION_OPENING_H

#include "policy/definition/definition.h"

/* False: it may begin runs at any time, and the answers below need not be asked for. */
static inline bool policy_has_opening(const struct policy *policy)
{
    return policy->window_text != NULL || (policy->freezes && policy->freezes->count);
}
bool policy_open(const struct policy *policy, int64_t at_us);
/* The first instant from that one on at which a run may begin: itself, if one may then. INT64_MAX: none comes within
 * two years. */
int64_t policy_opening(const struct policy *policy, int64_t from_us);
/* The first one at which none may. INT64_MAX: none comes within so long (microseconds; see timetable_next). */
int64_t policy_closing(const struct policy *policy, int64_t from_us, int64_t within_us);
/* Since when it is closed, where it is closed at that instant; two years at most. */
int64_t policy_closed_since(const struct policy *policy, int64_t at_us);
/* The freeze that holds then; NULL: none does. */
const struct freeze *policy_frozen(const struct policy *policy, int64_t at_us);
/* "outside its window until 2026-11-30T09:00:00+01:00", or "frozen until 2027-01-04T06:00:00+01:00: the end of the
 * year", for a policy that is closed then; until its opening. Returns out. */
#define POLICY_CLOSED_TEXT 320
const char *policy_closed_text(const struct policy *policy, int64_t at_us, char out[POLICY_CLOSED_TEXT]);

#endif
