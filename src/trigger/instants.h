/* SPDX-License-Identifier: Apache-2.0 */
/* When a policy with a schedule or a period is due: its instants, and the runs that they become. An instant that comes
 * while the policy's window is closed waits for the opening (policy/definition/opening.h); all that wait for the same
 * one are one run, which is due at the opening. All are microseconds since 1970, and nominal: jitter is not in them. */
#ifndef MPIJOBD_TRIGGER_INSTANTS_H
#define MPIJOBD_TRIGGER_INSTANTS_H

#include "policy/definition/definition.h"

/* The first instant strictly after after_us by the schedule or period alone. 0, or ERR_NOT_FOUND: none will come. */
int policy_next_instant(const struct policy *policy, int64_t after_us, int64_t *due_us, struct error *err);
/* When the first run is due for an instant strictly after after_us. Errors as above; the window may never open, too. */
int policy_next_run(const struct policy *policy, int64_t after_us, int64_t *due_us, struct error *err);
/* The policy's first run strictly after after_us, for people. As policy_next_run; but where the policy is closed at
 * after_us, what has come since the close waits. */
int policy_next_due(const struct policy *policy, int64_t after_us, int64_t *due_us, struct error *err);

/* The runs that are due in (after_us, until_us], for instants after after_us, the newest last: at most `max` of the
 * newest in out_us. Returns how many there are in all, counted up to a bound of 100,000. */
size_t policy_due_between(const struct policy *policy, int64_t after_us, int64_t until_us, int64_t *out_us, size_t max);

#define INSTANTS_COUNTED 1000
/* How many instants lie in (after_us, until_us]; INSTANTS_COUNTED: so many at least. */
size_t policy_instants_between(const struct policy *policy, int64_t after_us, int64_t until_us);

#endif
