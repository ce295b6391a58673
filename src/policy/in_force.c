/* SPDX-License-Identifier: Apache-2.0 */
/* Where a policy is in force, and where it stands aside. */
#include "policy/in_force.h"

#include "cluster/cluster.h"

/* known: the target is what the kind has there. */
static enum policy_stand stand(const struct policy *policy, const struct policy_kind *of, const char *cluster,
                               struct mpijob_target target, bool known, struct error *err)
{
    struct error ignored;
    if (!policy_on_cluster(policy, cluster))
        return POLICY_ELSEWHERE;
    if (!known || policy->action != ACTION_TABLE ||
        mpijob_changes_possible(&of->changes, target, err ? err : &ignored) == 0)
        return POLICY_IN_FORCE;
    return POLICY_ASIDE;
}

static enum policy_stand stand_on(const struct policy *policy, const struct policy_kind *of,
                                  const struct cluster *cluster, struct error *err)
{
    return stand(policy, of, cluster_name(cluster), cluster_target(cluster, of->kind), cluster_knows(cluster, of->kind),
                 err);
}

enum policy_stand policy_stand(const struct policy *policy, const struct cluster *cluster, struct error *err)
{
    enum policy_stand is = POLICY_ASIDE;
    for (size_t i = 0; i < policy->kinds.count && is == POLICY_ASIDE; i++)
        is = stand_on(policy, &policy->kinds.of[i], cluster, err);
    return is;
}

bool policy_kind_in_force(const struct policy *policy, const struct mpijob_kind *kind, const struct cluster *cluster)
{
    const struct policy_kind *of = policy_kinds_find(&policy->kinds, kind);
    return of && stand_on(policy, of, cluster, NULL) == POLICY_IN_FORCE;
}

int policy_possible(const struct policy *policy, struct cluster *cluster, struct error *err)
{
    int rc = ERR_INVALID;
    for (size_t i = 0; i < policy->kinds.count && rc; i++) {
        const struct policy_kind *of = &policy->kinds.of[i];
        rc = cluster_serves(cluster, of->kind, err);
        if (!rc && policy->action == ACTION_TABLE)
            rc = mpijob_changes_possible(&of->changes, cluster_target(cluster, of->kind), err);
    }
    return rc;
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

/* Is the policy in force on a cluster at least, with that kind? */
static bool somewhere(const struct policy_env *env, const struct policy *policy, const struct policy_kind *of,
                      const struct visit *v)
{
    bool is = !env->cluster_count && !env->known_count;
    size_t count = env->shards && env->cluster_count ? 1 : env->cluster_count; /* shards are of one cluster */
    struct error err;
    for (size_t i = 0; i < count; i++) {
        enum policy_stand here = stand_on(policy, of, env->clusters[i], &err);
        is = is_in_force(v, policy, cluster_name(env->clusters[i]), here, &err) || is;
    }
    for (size_t i = 0; i < env->known_count; i++) {
        const struct policy_known *known = &env->known[i];
        bool same = known->target.kind == of->kind;
        enum policy_stand here = stand(policy, of, known->cluster, known->target, same, &err);
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
    for (size_t i = 0; i < set->count; i++) {
        const struct policy *policy = set->entries[i].policy;
        bool any = false;
        for (size_t k = 0; k < policy->kinds.count; k++)
            any = somewhere(set->entries[i].file->env, policy, &policy->kinds.of[k], &v) || any;
        count += any;
    }
    return count;
}

bool policy_set_asks(const struct policy_set *set, unsigned *quorum)
{
    bool asks = false;
    for (size_t i = 0; set && i < set->count; i++) {
        const struct policy *p = set->entries[i].policy;
        asks = asks || p->approval != APPROVAL_NEVER;
        if (p->approval != APPROVAL_NEVER && p->approval_quorum > *quorum)
            *quorum = p->approval_quorum;
    }
    for (size_t i = 0; set && i < set->file_count; i++)
        asks = asks || set->files[i]->quarantined;
    return asks;
}
