/* SPDX-License-Identifier: Apache-2.0 */
/* Where a policy is in force, and where it stands aside. */
#include "policy/in_force.h"

#include "cluster/cluster.h"

static enum policy_stand stand(const struct policy *policy, const char *cluster, struct mpijob_target target,
                               bool known, struct error *err)
{
    struct error ignored;
    if (!policy_on_cluster(policy, cluster))
        return POLICY_ELSEWHERE;
    if (!known || policy->action != ACTION_TABLE ||
        mpijob_changes_possible(&policy->changes, target, err ? err : &ignored) == 0)
        return POLICY_IN_FORCE;
    return POLICY_ASIDE;
}

enum policy_stand policy_stand(const struct policy *policy, const struct cluster *cluster, struct error *err)
{
    return stand(policy, cluster_name(cluster), cluster_target(cluster, policy->kind),
                 cluster_knows(cluster, policy->kind), err);
}

struct visit {
    void (*visit)(void *data, const struct policy *policy, const char *cluster, const char *why);
    void *data;
};

static bool is_in_force(const struct visit *v, const struct policy *policy, const char *cluster, enum policy_stand is,
                        const struct error *err)
{
    if (is == POLICY_ASIDE && v->visit)
        v->visit(v->data, policy, cluster, err->message);
    return is == POLICY_IN_FORCE;
}

/* Is the policy in force on a cluster at least? */
static bool somewhere(const struct policy_env *env, const struct policy *policy, const struct visit *v)
{
    bool is = !env->cluster_count && !env->known_count;
    struct error err;
    for (size_t i = 0; i < env->cluster_count; i++) {
        enum policy_stand here = policy_stand(policy, env->clusters[i], &err);
        is = is_in_force(v, policy, cluster_name(env->clusters[i]), here, &err) || is;
    }
    for (size_t i = 0; i < env->known_count; i++) {
        const struct policy_known *known = &env->known[i];
        bool same = known->target.kind == policy->kind;
        enum policy_stand here = stand(policy, known->cluster, known->target, same, &err);
        is = is_in_force(v, policy, known->cluster, here, &err) || is;
    }
    return is;
}

size_t policy_set_stand(const struct policy_set *set,
                        void (*visit)(void *data, const struct policy *policy, const char *cluster, const char *why),
                        void *data)
{
    struct visit v = {visit, data};
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += somewhere(set->entries[i].file->env, set->entries[i].policy, &v);
    return count;
}
