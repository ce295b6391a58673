/* SPDX-License-Identifier: Apache-2.0 */
/* Where a policy is in force: on the clusters that it is for, as far as the version there has what it replaces. A
 * policy that a cluster's version cannot do stands aside there, alone, until another version is served. */
#ifndef MPIJOBD_POLICY_IN_FORCE_H
#define MPIJOBD_POLICY_IN_FORCE_H

#include "policy/load.h"

enum policy_stand {
    POLICY_IN_FORCE,
    POLICY_ELSEWHERE, /* it is for other clusters */
    POLICY_ASIDE,     /* it is for this one, whose version lacks what it replaces */
};
/* How the policy stands on the cluster now: it may change with each look at the cluster's versions. A version that is
 * not known yet keeps no policy out. err (may be NULL) is set with POLICY_ASIDE alone, and says what is lacking. */
enum policy_stand policy_stand(const struct policy *policy, const struct cluster *cluster, struct error *err);
static inline bool policy_in_force(const struct policy *policy, const struct cluster *cluster)
{
    return policy_stand(policy, cluster, NULL) == POLICY_IN_FORCE;
}

/* The same for the objects of one of its kinds; false of another kind. A policy is in force where one of them is. */
bool policy_kind_in_force(const struct policy *policy, const struct mpijob_kind *kind, const struct cluster *cluster);

/* Can any job of the cluster have the changes of a policy with `replace`? It is enough that one of its kinds can. If
 * not, that is said once for a run, and not for each job. 0; else why not of the last one, as cluster_serves and
 * mpijob_changes_possible say it. */
int policy_possible(const struct policy *policy, struct cluster *cluster, struct error *err);

/* Calls visit (may be NULL) for each policy of the set on each cluster of its environment (clusters and known) where it
 * stands aside; why is valid during the call. Returns how many policies are in force on a cluster; where the
 * environment has no cluster, that is all of them. */
size_t policy_set_stand(const struct policy_set *set,
                        void (*visit)(void *data, const struct policy *policy, const char *cluster, const char *why),
                        void *data);

/* Does any policy of the set have `approval`, or can that not be told as a file is in quarantine? *quorum: is raised to
 * the highest that they ask for. set may be NULL. */
bool policy_set_asks(const struct policy_set *set, unsigned *quorum);

#endif
