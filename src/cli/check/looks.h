/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at policies that are loaded, and says what cannot be meant. What is not certain is not said. */
#ifndef MPIJOBD_CLI_CHECK_LOOKS_H
#define MPIJOBD_CLI_CHECK_LOOKS_H

#include "cli/check/found.h"
#include "cli/session/session.h"

/* Each policy by itself. now: microseconds since 1970. */
void look_one(struct found *f, const struct session *s, const struct policy_entry *entry, int64_t now);
/* Two of them that change the same job. */
void look_pairs(struct found *f, const struct policy_set *set);

#endif
