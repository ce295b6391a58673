/* SPDX-License-Identifier: Apache-2.0 */
/* Where approved plans are made: on the cluster that they are about, by its runs, under the policy in force. */
#include "approval/approvals.h"
#include "engine/engine_parts.h"

static int place(void *data, const char *policy, const char *cluster, struct approval_place *at, struct error *err)
{
    struct engine *e = data;
    const struct policy_entry *entry;
    struct engine_cluster *there = engine_cluster_named(e, cluster, err);
    int rc = there ? engine_find(e, policy, &entry, err) : err->code;
    if (rc)
        return rc;
    if (entry->policy->dry_run || e->o.dry_run)
        return error_set(err, ERR_REFUSED, "policy \"%s\" only tries (dry_run), and makes no plan", policy);
    if (!there->triggered)
        return error_set(err, ERR_UNREACHABLE, "cluster %s is not connected; try again when it is", cluster);
    *at = (struct approval_place){&there->runs, entry->file, entry->policy};
    return 0;
}

static void tell(void *data, const struct approval *approval, bool soon)
{
    struct engine *e = data;
    if (e->o.waits)
        e->o.waits(e->o.data, approval, soon);
}

int engine_approvals_open(struct engine *e, struct error *err)
{
    const struct approvals_options o = {.store = e->o.store,
                                        .journal = e->o.journal,
                                        .state = e->o.state,
                                        .later = e->o.state_later,
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
