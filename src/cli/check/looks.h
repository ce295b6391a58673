/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at policies that are loaded, and says what cannot be meant. What is not certain is not said. */
#ifndef MPIJOBD_CLI_CHECK_LOOKS_H
#define MPIJOBD_CLI_CHECK_LOOKS_H

#include "cli/check/found.h"
#include "cli/check/roles.h"
#include "cli/session/session.h"

/* Each policy by itself. now: microseconds since 1970. */
void look_one(struct found *f, const struct session *s, const struct policy_entry *entry, int64_t now);
/* Deadlines that go nowhere, or need leave, of kinds that have Jobs. */
void look_child(struct found *f, const struct policy_entry *entry);
/* Two of them that change the same job. */
void look_pairs(struct found *f, const struct policy_set *set);
/* What they need, and the roles lack. scope: the namespaces that they are kept to, NULL-terminated; NULL: all. path: of
 * the roles, for messages. */
void look_rights(struct found *f, const struct policy_set *set, const char *const *scope, const struct roles *roles,
                 const char *path);
/* Changes that nothing acts on, on a cluster of which kind, version and controller are known. */
void look_inert(struct found *f, const struct policy_entry *entry, const char *cluster, struct mpijob_target target);

#endif
