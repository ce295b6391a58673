/* SPDX-License-Identifier: Apache-2.0 */
/* A run with the jobs that it is given. */
#include "engine/replay.h"

#include "engine/engine_parts.h"

static void over(void *data, struct run *run)
{
    (void)run;
    (void)data;
}

int engine_replay(struct engine *e, const struct replay_call *call, struct error *err)
{
    const struct policy_entry *entry = engine_policy(e, call->policy, err);
    struct engine_cluster *at = entry ? engine_cluster_named(e, call->cluster, err) : NULL;
    struct run *run;
    if (!at)
        return err->code;
    enum policy_stand stand = policy_stand(entry->policy, at->site.cluster, err);
    if (stand != POLICY_IN_FORCE)
        return stand == POLICY_ASIDE ? err->code
                                     : error_set(err, ERR_REFUSED, "policy \"%s\" is not for the cluster %s",
                                                 call->policy, call->cluster);
    *call->feed = run_feed_untold(call->jobs);
    struct run_call start = {
        .file = entry->file,
        .policy = entry->policy,
        .trigger = call->trigger,
        .scheduled_at = call->scheduled_at,
        .asked_by = call->asked_by,
        .feed = call->feed,
        .done = over,
    };
    return run_start(&at->runs, &start, &run, err);
}
