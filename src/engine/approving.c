/* SPDX-License-Identifier: Apache-2.0 */
/* Where approved plans are made: on the cluster that they are about, by its runs, under the policy in force, or under
 * none where they take back what a run has changed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "approval/approvals.h"
#include "engine/engine_parts.h"
#include "policy/in_force.h"
#include "store/journal.h"

static struct engine_cluster *reach(struct engine *e, const char *cluster, struct error *err)
{
    struct engine_cluster *there = engine_cluster_named(e, cluster, err);
    if (there && e->stopping) {
        error_set(err, ERR_CANCELLED, "the daemon is being stopped");
        return NULL;
    }
    if (there && !there->triggered && there->leads) {
        error_set(err, ERR_UNREACHABLE, "cluster %s is not connected; try again when it is", cluster);
        return NULL;
    }
    return there;
}

int engine_run_shard(const struct engine *e, int64_t run)
{
    return !e->o.shards ? -1 : run < 0 ? 0 : (int)(run % (int64_t)shards_count(e->o.shards));
}

int engine_run_here(const struct engine *e, int64_t run, struct error *err)
{
    int shard = engine_run_shard(e, run);
    char whose[40];
    if (shard < 0)
        return engine_leads(e, err);
    snprintf(whose, sizeof whose, "run %" PRId64 "'s", run);
    return e->clusters[shard].leads ? 0 : shards_refuse_one(e->o.shards, (unsigned)shard, whose, err);
}

/* Where the plan of a run is made. */
static struct engine_cluster *reach_plan(struct engine *e, int64_t run, const char *cluster, struct error *err)
{
    int shard = engine_run_shard(e, run);
    if (shard < 0)
        return reach(e, cluster, err);
    if (engine_run_here(e, run, err))
        return NULL;
    if (e->clusters[shard].triggered && !e->stopping)
        return &e->clusters[shard];
    error_set(err, ERR_UNREACHABLE, "shard %d does not act yet; try again in some seconds", shard);
    return NULL;
}

static int place(void *data, int64_t run, const char *policy, const char *origin, const char *cluster,
                 struct approval_place *at, struct error *err)
{
    struct engine *e = data;
    const struct policy_entry *entry = NULL;
    struct engine_cluster *there = engine_cluster_named(e, cluster, err);
    bool by_hand = strcmp(policy, STORE_BY_HAND) == 0;
    int rc = !there ? err->code : by_hand ? engine_leads(e, err) : engine_find(e, policy, &entry, err);
    if (rc)
        return rc;
    if (e->o.dry_run || (entry && entry->policy->dry_run))
        return error_set(err, ERR_REFUSED, "%s%s%s only tries (dry_run), and makes no plan",
                         by_hand ? "this daemon" : "policy \"", by_hand ? "" : policy, by_hand ? "" : "\"");
    there = reach_plan(e, run, cluster, err);
    if (!there)
        return err->code;
    *at = (struct approval_place){&there->runs, entry ? entry->file : NULL, entry ? entry->policy : NULL,
                                  runs_speed(&there->runs, by_hand ? engine_policy(e, origin, NULL) : entry)};
    return 0;
}

/* Runs of policies are of one shard, by their number; what people have done is of all (run 0). */
static struct engine_cluster *reach_run(struct engine *e, int64_t run, const char *cluster, struct error *err)
{
    struct engine_cluster *there = reach(e, cluster, err);
    if (!there || !e->o.shards || !run)
        return there;
    there = &e->clusters[engine_run_shard(e, run)];
    if (there->started)
        return there;
    const char *owner = shards_owner(e->o.shards, there->site.shard.index);
    error_set(err, ERR_REFUSED,
              "run %" PRId64 " was in shard %u, which %s owns now, and this daemon does not: what it takes back is "
              "changed and counted there%s",
              run, there->site.shard.index, *owner ? owner : "nobody",
              e->o.changes_per_hour ? "; --override takes it back from here, and it is not counted" : "");
    return NULL;
}

struct engine_undo_terms engine_undo_terms(struct engine *e, int64_t run, const char *policy, const char *cluster,
                                           struct error *err)
{
    const struct policy_entry *entry = policy ? engine_policy(e, policy, NULL) : NULL;
    struct engine_cluster *there = reach_run(e, run, cluster, err);
    struct engine_undo_terms terms = {.runs = there ? &there->runs : NULL,
                                      .elsewhere = !there && e->o.shards && e->o.changes_per_hour,
                                      .asks = e->o.approvers ? "the configuration names approvers" : NULL,
                                      .expires = 24 * 3600 * CLOCK_SECOND,
                                      .entry = entry};
    if (!entry && (!policy || strcmp(policy, STORE_BY_HAND) != 0) && policy_set_asks(e->set, &terms.quorum) &&
        !terms.asks)
        terms.asks =
            "the policy that first made these changes is not known or not in force, and policies here have approval";
    if (!entry)
        return terms;
    const struct policy *p = entry->policy;
    terms.quorum = p->approval_quorum;
    terms.expires = p->approval_expires;
    terms.over_limits = p->approval == APPROVAL_OVER_LIMITS;
    if (p->approval == APPROVAL_ALWAYS && !terms.asks)
        terms.asks = "the policy of the run says approval";
    return terms;
}

void engine_count_change(struct engine *e, const char *name_space, const char *uid)
{
    struct hour *hour = e->hour.most ? &e->hour : NULL;
    struct engine_cluster *at =
        e->o.shards ? &e->clusters[shard_of(str_of(name_space), str_of(uid), shards_count(e->o.shards))] : NULL;
    if (at && at->leads)
        hour = at->site.hour;
    if (hour)
        hour_count(hour, clock_now(e->o.clock), NULL);
}

static void tell(void *data, const struct approval *approval, bool soon)
{
    struct engine *e = data;
    if (e->o.waits)
        e->o.waits(e->o.data, approval, soon);
}

int engine_approvals_open(struct engine *e, struct error *err)
{
    const struct approvals_options o = {.journal = e->o.journal,
                                        .state = e->o.state,
                                        .later = e->o.state_later || (e->o.shards && !e->o.once),
                                        .alarms = e->alarms,
                                        .clock = e->o.clock,
                                        .log = e->o.log,
                                        .metrics = e->o.metrics,
                                        .approvers = e->o.approvers,
                                        .place = place,
                                        .tell = tell,
                                        .data = e};
    return e->o.store && e->o.journal ? approvals_open(&o, &e->approvals, err) : 0;
}

struct approvals *engine_approvals(const struct engine *e)
{
    return e->approvals;
}
