/* SPDX-License-Identifier: Apache-2.0 */
/* With `sharding` each daemon has a part of the jobs, and no daemon knows what the others do: a policy that needs to
 * know all of it is refused, rather than doing something else than it says. */
#include "policy/definition/definition_parts.h"

#define ELSE "; leave it out, or give the policy to a daemon with leader_election, which acts for all jobs"

void definition_check_shards(struct defining *d)
{
    const struct policy *p = d->p;
    bool by_time = p->action == ACTION_RUN && !(d->triggers & TRIGGER_ON);
    if (p->per_shard && !by_time)
        definition_found(d, "per_shard",
                         "goes with run and a schedule or a period: others are about the jobs of a shard "
                         "in any case where daemons share the jobs");
    if (!d->source->shards)
        return;
    if (by_time && !p->per_shard)
        definition_found(
            d, "run",
            "would run in each shard, and see the jobs of that alone, where daemons share the jobs (sharding); if it "
            "may, say per_shard = true. Or write replace, or on = \"match\"" ELSE);
    if (p->canary)
        definition_found(d, "canary",
                         "cannot be where daemons share the jobs (sharding): each shard would lead the "
                         "policy in by itself" ELSE);
}
